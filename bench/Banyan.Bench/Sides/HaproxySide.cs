using Banyan.Bench.Load;
using Banyan.Bench.Processes;

namespace Banyan.Bench.Sides;

/// <summary>haproxy: one thread, no log, connections to the backend shared by all clients.</summary>
internal sealed class HaproxySide : Side
{
    /// <summary>The name of the one that relays TCP without splicing.</summary>
    public const string Copying = "haproxy-copy";

    private readonly Protocol _protocol;

    private HaproxySide(string name, string version, Child process, int port, Protocol protocol)
        : base(name, version, process, port) => _protocol = protocol;

    public override string? Note => _protocol != Protocol.Tcp ? null
        : Name == Copying ? "as it is by default" : "option splice-request and splice-response: its best for many bytes, not for few";

    public static HaproxySide Start(BenchRun run, Protocol protocol, int backend, string name = "haproxy")
    {
        var (mode, proto, server) = protocol switch
        {
            Protocol.Tcp when name == Copying => ("tcp", "", ""),
            Protocol.Tcp => ("tcp\n  option splice-request\n  option splice-response", "", ""),
            Protocol.Http1 => ("http\n  http-reuse always", " proto h1", " proto h1 pool-max-conn -1"),
            _ => ("http\n  http-reuse always", " proto h2", " proto h2 pool-max-conn -1"),
        };
        var port = FreePort.Next();
        var process = Launch(
            run, name, $"""
            frontend hop
              bind 127.0.0.1:{port} backlog 4096{proto}
              default_backend app
            backend app
              server app 127.0.0.1:{backend}{server}
            """, mode: mode);
        return new HaproxySide(name, VersionOf(run), process, port, protocol);
    }

    /// <summary>How a server is reached with mutual TLS, as the caller.</summary>
    public static string Towards(BenchIdentities identities) =>
        $"ssl crt {identities.Whole("caller")} ca-file {identities.Anchor} verify required";

    public static string VersionOf(BenchRun run) =>
        Child.Run(run, BenchRun.LoadCpu, "/usr/sbin/haproxy", ["-v"], TimeSpan.FromSeconds(10)).Split(' ')[2];

    /// <summary>Starts one with what is common to all, and these sections.</summary>
    public static Child Launch(
        BenchRun run, string name, string sections, int cpu = BenchRun.ProxyCpu, string mode = "http\n  http-reuse always")
    {
        var file = Path.Combine(run.Folder, $"{name}.cfg");

        // A connection that is spliced has two pipes beside two sockets, and all of them at most 20,000 descriptors.
        File.WriteAllText(file, $"""
            global
              nbthread 1
              maxconn 4096
              ssl-default-bind-options ssl-min-ver TLSv1.3
              ssl-default-server-options ssl-min-ver TLSv1.3
              ssl-default-bind-ciphersuites TLS_AES_128_GCM_SHA256
              ssl-default-server-ciphersuites TLS_AES_128_GCM_SHA256
              ssl-default-bind-curves X25519
            defaults
              mode {mode}
              timeout connect 5s
              timeout client 300s
              timeout server 300s
              timeout http-keep-alive 300s
            {sections}

            """);
        return run.Start(name, cpu, "/usr/sbin/haproxy", ["-db", "-f", file]);
    }
}
