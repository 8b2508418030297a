using Banyan.Bench.Load;
using Banyan.Bench.Processes;

namespace Banyan.Bench.Sides;

/// <summary>haproxy: one thread, no log, connections to the backend shared by all clients.</summary>
internal sealed class HaproxySide : Side
{
    private HaproxySide(string version, Child process, int port)
        : base("haproxy", version, process, port)
    {
    }

    public static HaproxySide Start(BenchRun run, Protocol protocol, int backend)
    {
        var spoken = protocol == Protocol.Http1 ? "h1" : "h2";
        var port = FreePort.Next();
        var file = Path.Combine(run.Folder, "haproxy.cfg");
        File.WriteAllText(file, $"""
            global
              nbthread 1
              maxconn 8192
            defaults
              mode http
              http-reuse always
              timeout connect 5s
              timeout client 300s
              timeout server 300s
              timeout http-keep-alive 300s
            frontend hop
              bind 127.0.0.1:{port} backlog 4096 proto {spoken}
              default_backend app
            backend app
              server app 127.0.0.1:{backend} proto {spoken} pool-max-conn -1

            """);
        var version = Child.Run(run, BenchRun.LoadCpu, "/usr/sbin/haproxy", ["-v"], TimeSpan.FromSeconds(10));
        var process = run.Start("haproxy", BenchRun.ProxyCpu, "/usr/sbin/haproxy", ["-db", "-f", file]);
        return new HaproxySide(version.Split(' ')[2], process, port);
    }
}
