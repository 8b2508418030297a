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
        var file = Path.Combine(run.Folder, "nginx.conf");
        File.WriteAllText(file, $$"""
            {{(protocol == Protocol.Tcp ? $"load_module {StreamModule};" : "")}}
            daemon off;
            worker_processes 1;
            pid {{run.Folder}}/nginx.pid;
            error_log stderr error;
            events { worker_connections 8192; }
            {{(protocol == Protocol.Tcp ? Stream(port, backend) : Http(run.Folder, protocol, port, backend))}}

            """);
        var version = Child.Run(run, BenchRun.LoadCpu, "/usr/sbin/nginx", ["-v"], TimeSpan.FromSeconds(10), stderr: true);
        var process = run.Start("nginx", BenchRun.ProxyCpu, "/usr/sbin/nginx", ["-e", "stderr", "-c", file]);
        return new NginxSide(version.Trim().Split('/')[1], process, port, protocol);
    }

    private static string Stream(int port, int backend) => $$"""
        stream {
          server {
            listen 127.0.0.1:{{port}} backlog=4096;
            proxy_timeout 300s;
            proxy_pass 127.0.0.1:{{backend}};
          }
        }
        """;

    private static string Http(string folder, Protocol protocol, int port, int backend)
    {
        var (http2, pass) = protocol == Protocol.Grpc
            ? (" http2", "grpc_pass grpc://app;")
            : ("", """proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection "";""");

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
                listen 127.0.0.1:{{port}} backlog=4096{{http2}};
                location / { {{pass}} }
              }
            }
            """;
    }
}
