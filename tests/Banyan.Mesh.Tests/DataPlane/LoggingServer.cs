using Banyan.Testing;

namespace Banyan.Mesh.Tests.DataPlane;

/// <summary>nginx or haproxy as an application that answers 200 to everything, and logs a line for each request that it saw:
/// trace context (or <c>-</c>), status, request line in quotes.</summary>
internal sealed class LoggingServer : IAsyncDisposable
{
    private const int Quit = 3;
    private const int UserSignal = 10;

    private readonly TempFolder _folder = new("server");
    private readonly int _port = FreePorts.Next();
    private readonly bool _isNginx;
    private TestProcess? _process;
    private int _read;

    private LoggingServer(bool isNginx) => _isNginx = isNginx;

    public string Address => $"127.0.0.1:{_port}";

    public static async Task<LoggingServer> StartAsync(string program)
    {
        var server = new LoggingServer(program == "nginx");
        var file = server._folder.Write($"{program}.conf", server._isNginx ? server.Nginx() : server.Haproxy());
        string[] arguments = server._isNginx
            ? ["-p", server._folder.Path, "-c", file, "-e", server._folder["error.log"]]
            : ["-db", "-f", file];
        server._process = TestProcess.Start(program, arguments);
        await Eventually.TrueAsync(
            async () =>
            {
                using var probe = await RawConnection.ConnectAsync(server._port);
                return true;
            },
            $"{program} listens");
        return server;
    }

    /// <summary>What was logged since the last call.</summary>
    public IReadOnlyList<string> NewLines()
    {
        var lines = _process!.OutputLines;
        var fresh = lines.Skip(_read).Where(line => line.EndsWith('"')).ToArray();
        _read = lines.Count;
        return fresh;
    }

    /// <summary>Ends it in order: everything is logged after that.</summary>
    public async Task StopAsync()
    {
        _process!.Signal(_isNginx ? Quit : UserSignal);
        await _process.EndAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        _folder.Dispose();
    }

    private string Nginx() => $$"""
        daemon off;
        master_process off;
        pid {{_folder["nginx.pid"]}};
        events { worker_connections 4096; }
        http {
          log_format seen '$http_traceparent $status "$request"';
          access_log /dev/stdout seen;
          client_body_temp_path {{_folder["body"]}};
          large_client_header_buffers 8 128k;
          keepalive_requests 1000000;
          ignore_invalid_headers off;
          server {
            listen {{Address}};
            location / { return 200 "fine"; }
          }
        }
        """;

    private string Haproxy() => $$"""
        global
          log stdout format raw local0
          tune.bufsize 131072
          tune.http.maxhdr 256
        defaults
          mode http
          log global
          option dontlognull
          timeout client 60s
          timeout server 60s
          timeout connect 5s
        frontend seen
          bind {{Address}}
          http-request capture req.hdr(traceparent) len 60
          log-format "%[capture.req.hdr(0)] %ST %{+Q}r"
          http-request return status 200 content-type text/plain string fine

        """;
}
