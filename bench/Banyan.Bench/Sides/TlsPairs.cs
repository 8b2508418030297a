using System.Globalization;
using Banyan.Bench.Processes;

namespace Banyan.Bench.Sides;

/// <summary>Two processes one behind the other with mutual TLS between them: the caller's side and the callee's.</summary>
/// <remarks>All sides have the same certificates, TLS 1.3 with AES-128-GCM, X25519, and tickets; each checks the other's chain.</remarks>
internal sealed class TlsPair : Side
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(10);
    private readonly Child _callee;

    private TlsPair(string name, string version, Child caller, Child callee, int port, int inner, string? resources)
        : base(name, version, caller, port)
    {
        (_callee, Inner, Resources) = (callee, inner, resources);
    }

    public override IReadOnlyList<int> Pids => [Pid, _callee.Pid];

    public override string? Resources { get; }

    /// <summary>The process that takes TLS, and its port.</summary>
    public Child Callee => _callee;

    public int Inner { get; }

    /// <summary>How many of the callee's handshakes were whole, and how many resumed a session; only of Banyan.</summary>
    public Func<(double Full, double Resumed)>? Handshakes { get; private init; }

    public static TlsPair Banyan(BenchRun run, string proxy, BenchIdentities identities, int backend)
    {
        var callee = BanyanSide.StartSecured(
            run, proxy, "callee", port => MeshResources.SecuredCallee(port, backend), identities);
        var caller = BanyanSide.StartSecured(
            run, proxy, "caller", port => MeshResources.SecuredCaller(port, callee.Port, BenchIdentities.IdOf("callee")), identities);
        return new TlsPair("mesh", "", caller.Process, callee.Process, caller.Port, callee.Port, caller.Resources)
        {
            Handshakes = () => (Total(callee, "banyan_tls_handshakes_full"), Total(callee, "banyan_tls_handshakes_resumed")),
        };
    }

    public static TlsPair Haproxy(BenchRun run, BenchIdentities identities, int backend)
    {
        var (outer, inner) = (FreePort.Next(), FreePort.Next());
        var callee = HaproxySide.Launch(run, "haproxy-callee", $"""
            frontend hop
              bind 127.0.0.1:{inner} backlog 4096 ssl crt {identities.Whole("callee")} ca-file {identities.Anchor} verify required
              default_backend app
            backend app
              server app 127.0.0.1:{backend} proto h1 pool-max-conn -1
            """);
        var caller = HaproxySide.Launch(run, "haproxy-caller", $"""
            frontend hop
              bind 127.0.0.1:{outer} backlog 4096
              default_backend app
            backend app
              server app 127.0.0.1:{inner} proto h1 pool-max-conn -1 {HaproxySide.Towards(identities)}
            """);
        var pair = new TlsPair("haproxy", HaproxySide.VersionOf(run), caller, callee, outer, inner, null);
        pair.AwaitListening(run);
        return pair;
    }

    public static TlsPair Nginx(BenchRun run, BenchIdentities identities, int backend)
    {
        var (outer, inner) = (FreePort.Next(), FreePort.Next());
        var tls = $"""
            ssl_certificate {identities.Chain("callee")}; ssl_certificate_key {identities.Key("callee")};
            ssl_client_certificate {identities.Anchor}; ssl_verify_client on; ssl_protocols TLSv1.3; ssl_ecdh_curve X25519;
            ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256; ssl_session_tickets on; ssl_session_cache none;
            """;
        var towards = $"""
            proxy_ssl_certificate {identities.Chain("caller")}; proxy_ssl_certificate_key {identities.Key("caller")};
            proxy_ssl_trusted_certificate {identities.Anchor}; proxy_ssl_verify on; proxy_ssl_protocols TLSv1.3;
            proxy_ssl_name callee.{BenchIdentities.TrustDomain}; proxy_ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
            """;
        var callee = NginxSide.Launch(run, "callee", inner, " ssl", tls, $"http://127.0.0.1:{backend}");
        var caller = NginxSide.Launch(run, "caller", outer, "", towards, $"https://127.0.0.1:{inner}");
        var pair = new TlsPair("nginx", NginxSide.VersionOf(run), caller, callee, outer, inner, null);
        pair.AwaitListening(run);
        return pair;
    }

    private static double Total(BanyanSide side, string name) =>
        (side.Admin.Get("/metrics") ?? throw new BenchFailure($"banyan-proxy shows no metrics:\n{side.Process.Tail()}"))
            .Split('\n')
            .Where(line => line.StartsWith(name, StringComparison.Ordinal))
            .Sum(line => double.Parse(line.AsSpan(line.LastIndexOf(' ') + 1), CultureInfo.InvariantCulture));

    private void AwaitListening(BenchRun run)
    {
        run.Await($"{Name} listening at {Port.ToString(CultureInfo.InvariantCulture)}", ReadyLimit, Process, Accepts);
        run.Await($"{Name} listening at {Inner.ToString(CultureInfo.InvariantCulture)}", ReadyLimit, _callee, () => Load.Probe.Accepts(Inner));
    }
}
