using Banyan.Xds;

namespace Banyan.Proxy.Snapshot.Resources;

/// <summary>Reads which HTTP a cluster's endpoints speak.</summary>
internal static class UpstreamProtocols
{
    private const string Key = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
    private const string TypeUrl = "type.googleapis.com/" + Key;
    private const string At = $"typed_extension_protocol_options[{Key}]";

    public static UpstreamProtocol Read(Cluster cluster, Problems problems)
    {
        // Options of other protocols concern filters that this proxy does not have.
        if (!cluster.TypedExtensionProtocolOptions.TryGetValue(Key, out var packed))
        {
            return UpstreamProtocol.SameAsClient;
        }

        if (packed.TypeUrl != TypeUrl)
        {
            problems.Add(At, $"{packed.TypeUrl} is not supported, only HttpProtocolOptions is");
            return UpstreamProtocol.SameAsClient;
        }

        var options = HttpProtocolOptions.Parser.ParseFrom(packed.Value);
        switch (options.UpstreamProtocolOptionsCase)
        {
            case HttpProtocolOptions.UpstreamProtocolOptionsOneofCase.ExplicitHttpConfig:
                return ReadExplicit(options.ExplicitHttpConfig, problems);
            case HttpProtocolOptions.UpstreamProtocolOptionsOneofCase.UseDownstreamProtocolConfig:
                return UpstreamProtocol.SameAsClient;
            default:
                problems.Add(At, "explicit_http_config or use_downstream_protocol_config is needed");
                return UpstreamProtocol.SameAsClient;
        }
    }

    private static UpstreamProtocol ReadExplicit(HttpProtocolOptions.Types.ExplicitHttpConfig config, Problems problems)
    {
        switch (config.ProtocolConfigCase)
        {
            case HttpProtocolOptions.Types.ExplicitHttpConfig.ProtocolConfigOneofCase.HttpProtocolOptions:
                return UpstreamProtocol.Http1;
            case HttpProtocolOptions.Types.ExplicitHttpConfig.ProtocolConfigOneofCase.Http2ProtocolOptions:
                return UpstreamProtocol.Http2;
            default:
                problems.Add($"{At}.explicit_http_config", "http_protocol_options or http2_protocol_options is needed");
                return UpstreamProtocol.SameAsClient;
        }
    }
}
