using Banyan.Bench.Load;
using Banyan.Bench.Processes;

namespace Banyan.Bench.Sides;

/// <summary>nginx: one worker, no log, keep-alive without an end on both sides.</summary>
/// <remarks>To a backend it speaks HTTP/1.1 or gRPC; plain HTTP/2 it does not.</remarks>
internal sealed class NginxSide : Side
{
    private const string StreamModule = "/usr/lib/nginx/modules/ngx_stream_module.so";

    private readonly Protocol _protocol;

    private NginxSide(string version, Child process, int port, Protocol protocol)
        : base("nginx", version, process, port) => _protocol = protocol;

    public override string? Note => _protocol == Protocol.Grpc ? "grpc_pass has one stream on each connection to the backend" : null;

    public static NginxSide Start(BenchRun run, Protocol protocol, int backend)
    {
        var port = FreePort.Next();
        var process = Launch(run, "nginx", protocol == Protocol.Tcp ? $"load_module {StreamModule};" : "", protocol switch
        {
            Protocol.Tcp => Stream(port, backend),
            Protocol.Grpc => Http(run.Folder, port, " http2", "", "grpc_pass grpc://app;", backend),
            _ => Http(run.Folder, port, "", "", Pass("http://app"), backend),
        });
        return new NginxSide(VersionOf(run), process, port, protocol);
    }

    public static string VersionOf(BenchRun run) =>
        Child.Run(run, BenchRun.LoadCpu, "/usr/sbin/nginx", ["-v"], TimeSpan.FromSeconds(10), stderr: true).Trim().Split('/')[1];

    /// <summary>Starts one that passes HTTP/1.1 on.</summary>
    /// <param name="run">The run.</param>
    /// <param name="name">For its files.</param>
    /// <param name="port">Where it listens.</param>
    /// <param name="listen">Options of that.</param>
    /// <param name="settings">Of its server.</param>
    /// <param name="to">A URL.</param>
    public static Child Launch(BenchRun run, string name, int port, string listen, string settings, string to)
    {
        var url = new Uri(to);
        return Launch(run, $"nginx-{name}", "", Http(run.Folder, port, listen, settings, Pass($"{url.Scheme}://app"), url.Port));
    }

    private static Child Launch(BenchRun run, string name, string before, string section)
    {
        var file = Path.Combine(run.Folder, $"{name}.conf");
        File.WriteAllText(file, $$"""
            {{before}}
            daemon off;
            worker_processes 1;
            pid {{run.Folder}}/{{name}}.pid;
            error_log stderr error;
            events { worker_connections 8192; }
            {{section}}

            """);
        return run.Start(name, BenchRun.ProxyCpu, "/usr/sbin/nginx", ["-e", "stderr", "-c", file]);
    }

    private static string Pass(string to) => $"""proxy_pass {to}; proxy_http_version 1.1; proxy_set_header Connection "";""";

    private static string Stream(int port, int backend) => $$"""
        stream {
          server {
            listen 127.0.0.1:{{port}} backlog=4096;
            proxy_timeout 300s;
            proxy_pass 127.0.0.1:{{backend}};
          }
        }
        """;

    private static string Http(string folder, int port, string listen, string settings, string pass, int backend)
    {
        // No temporary files: a large body that is written to disk on the way would say nothing about relaying.
        return $$"""
            http {
              access_log off;
              keepalive_requests 2000000000;
              keepalive_timeout 300s;
              client_body_temp_path {{folder}}/nginx-body;
              proxy_temp_path {{folder}}/nginx-proxy;
              fastcgi_temp_path {{folder}}/nginx-fastcgi;
              uwsgi_temp_path {{folder}}/nginx-uwsgi;
              scgi_temp_path {{folder}}/nginx-scgi;
              proxy_max_temp_file_size 0;
              upstream app {
                server 127.0.0.1:{{backend}};
                keepalive 512;
                keepalive_requests 2000000000;
                keepalive_timeout 300s;
              }
              server {
                listen 127.0.0.1:{{port}} backlog=4096{{listen}};
                {{settings}}
                location / { {{pass}} }
              }
            }
            """;
    }
}
