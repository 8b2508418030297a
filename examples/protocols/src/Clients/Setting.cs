namespace Banyan.Examples.Protocols.Clients;

/// <summary>What the environment says.</summary>
internal static class Setting
{
    /// <summary>The sidecar, as an HTTP proxy.</summary>
    public static Uri Proxy => new(Variable("http_proxy"));

    /// <summary>The fixed local port of an upstream, for what cannot use a proxy.</summary>
    public static string Upstream(string service, int port) =>
        Variable($"BANYAN_UPSTREAM_{service.ToUpperInvariant()}_DEFAULT_{port}");

    /// <summary>Whether to leave something out, so that a check notices: <c>WITHOUT=trailers,chunks</c>.</summary>
    public static bool Without(string feature) =>
        (Environment.GetEnvironmentVariable("WITHOUT") ?? "").Split(',').Contains(feature, StringComparer.Ordinal);

    private static string Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value
            ? value
            : throw new InvalidOperationException($"{name} is not set: 'banyan up' sets it");
}
