using Banyan.Proxy.Identity;
using Banyan.Xds;
using Google.Protobuf.WellKnownTypes;

namespace Banyan.Proxy.Snapshot.Resources;

/// <summary>Reads how connections are secured: mTLS between sidecars, or not at all.</summary>
internal static class TransportSockets
{
    private const string Mark = "mtls";
    private const string RawName = "envoy.transport_sockets.raw_buffer";
    private const string Types = "type.googleapis.com/envoy.extensions.transport_sockets.";
    private const string RawType = Types + "raw_buffer.v3.RawBuffer";
    private const string UpstreamType = Types + "tls.v3.UpstreamTlsContext";
    private const string DownstreamType = Types + "tls.v3.DownstreamTlsContext";

    /// <summary>Who the endpoints have to be that are marked: SPIFFE IDs; empty where nothing is secured.</summary>
    public static string[] ReadUpstream(Cluster cluster, Problems problems)
    {
        string[] identities = [];
        for (var i = 0; i < cluster.TransportSocketMatches.Count; i++)
        {
            var match = cluster.TransportSocketMatches[i];
            var at = $"transport_socket_matches[{i}]";
            if (IsMark(match.Match) && match.TransportSocket?.TypedConfig is { TypeUrl: UpstreamType } packed && identities.Length == 0)
            {
                at += ".transport_socket.typed_config.common_tls_context";
                var common = UpstreamTlsContext.Parser.ParseFrom(packed.Value).CommonTlsContext;
                identities = ReadNames(common, at, problems);
                problems.AddIf(identities.Length == 0, at, "needs match_typed_subject_alt_names: who the endpoints are");
            }
            else if (match.Match is { Fields.Count: > 0 } || !IsRaw(match.TransportSocket))
            {
                problems.Add(at, "only UpstreamTlsContext for {mtls: true} and raw_buffer for {} are supported");
            }
        }

        return identities;
    }

    /// <summary>Who may call, and by which chain: that one is not for plaintext.</summary>
    /// <param name="listener">Whose chains.</param>
    /// <param name="secured">Index of the chain behind TLS; -1 when there is none.</param>
    /// <param name="problems">Gets what is not supported.</param>
    public static ListenerSecurity ReadDownstream(Listener listener, out int secured, Problems problems)
    {
        secured = -1;
        for (var i = 0; i < listener.FilterChains.Count; i++)
        {
            if (listener.FilterChains[i].TransportSocket is not { } socket || IsRaw(socket))
            {
                continue;
            }

            var at = $"filter_chains[{i}].transport_socket";
            problems.AddIf(secured >= 0, at, "one chain with TLS is supported");
            problems.AddIf(
                listener.TrafficDirection != TrafficDirection.Inbound || listener.ApiListener is not null,
                at,
                "only inbound listeners terminate TLS");
            secured = i;
            CheckContext(socket, at, problems);
            CheckMatch(listener.FilterChains[i].FilterChainMatch, $"filter_chains[{i}].filter_chain_match", problems);
        }

        if (secured < 0)
        {
            return ListenerSecurity.Plaintext;
        }

        if (listener.FilterChains.Count == 1)
        {
            return ListenerSecurity.Strict;
        }

        CheckBeside(listener, secured, problems);
        return ListenerSecurity.Permissive;
    }

    /// <summary>The other chains have to do what the secured one does: whoever comes in gets the same.</summary>
    private static void CheckBeside(Listener listener, int secured, Problems problems)
    {
        var chain = listener.FilterChains[secured];
        var at = $"filter_chains[{secured}]";
        problems.AddIf(
            chain.FilterChainMatch is not { TransportProtocol: "tls" } match || !AreOurs(match.ApplicationProtocols),
            $"{at}.filter_chain_match",
            $"needs transport_protocol tls and application_protocols {string.Join(", ", IdentityHolder.HopProtocols)}");
        for (var i = 0; i < listener.FilterChains.Count; i++)
        {
            problems.AddIf(
                i != secured && !ServerNameChains.TakesTls(listener.FilterChains[i]) && !listener.FilterChains[i].Filters.Equals(chain.Filters),
                $"filter_chains[{i}].filters",
                $"have to be those of {at}");
        }
    }

    /// <summary>What is terminated is told by its protocols alone; any other condition would be passed over.</summary>
    private static void CheckMatch(FilterChainMatch? match, string at, Problems problems)
    {
        problems.AddIf(
            match is { TransportProtocol: not ("" or "tls") }, $"{at}.transport_protocol", "must be tls where TLS is terminated");
        problems.AddIf(match is { ServerNames.Count: > 0 }, $"{at}.server_names", "not supported where TLS is terminated");
        problems.AddIf(
            match is { ApplicationProtocols.Count: > 0 } && !AreOurs(match.ApplicationProtocols),
            $"{at}.application_protocols",
            $"must be {string.Join(", ", IdentityHolder.HopProtocols)}");
    }

    private static void CheckContext(TransportSocket socket, string at, Problems problems)
    {
        if (socket.TypedConfig is not { TypeUrl: DownstreamType } packed)
        {
            problems.Add($"{at}.typed_config", "only DownstreamTlsContext is supported");
            return;
        }

        var context = DownstreamTlsContext.Parser.ParseFrom(packed.Value);
        at += ".typed_config";
        problems.AddIf(
            context.RequireClientCertificate is not true, $"{at}.require_client_certificate", "must be true: TLS without a caller's identity is not supported");
        var names = ReadNames(context.CommonTlsContext, $"{at}.common_tls_context", problems);
        problems.AddIf(
            names.Length > 0, $"{at}.common_tls_context", "match_typed_subject_alt_names is not supported in a listener");
    }

    /// <summary>The identities that are asked for. Who vouches for them is this stream's to say, and no one else's.</summary>
    private static string[] ReadNames(CommonTlsContext? common, string at, Problems problems)
    {
        problems.AddIf(
            common is null || !AreOurs(common.AlpnProtocols), $"{at}.alpn_protocols", $"must be {string.Join(", ", IdentityHolder.HopProtocols)}");
        var context = common?.CombinedValidationContext;
        var source = context?.ValidationContextSdsSecretConfig;
        problems.AddIf(
            source?.SdsConfig is not { } stream || !ConfigSources.IsThisStream(stream) || !SecretResource.IsName(source.Name),
            $"{at}.combined_validation_context.validation_context_sds_secret_config",
            "needs the name spiffe://TRUST-DOMAIN, and only ads is supported");
        problems.AddIf(
            context?.DefaultValidationContext?.TrustedCa is not null,
            $"{at}.combined_validation_context.default_validation_context.trusted_ca",
            "only anchors by sds are supported");
        var names = context?.DefaultValidationContext?.MatchTypedSubjectAltNames ?? [];
        for (var i = 0; i < names.Count; i++)
        {
            problems.AddIf(
                names[i].SanType != SubjectAltNameMatcher.Types.SanType.Uri
                    || names[i].Matcher?.MatchPatternCase != StringMatcher.MatchPatternOneofCase.Exact
                    || !names[i].Matcher.Exact.StartsWith($"{source?.Name}/", StringComparison.Ordinal),
                $"{at}.combined_validation_context.default_validation_context.match_typed_subject_alt_names[{i}]",
                "only an exact URI of that trust domain is supported");
        }

        return [.. names.Select(static name => name.Matcher?.Exact ?? "")];
    }

    private static bool AreOurs(ICollection<string> protocols) =>
        protocols.Count == IdentityHolder.HopProtocols.Length && IdentityHolder.HopProtocols.All(protocols.Contains);

    private static bool IsMark(Struct? match) =>
        match is { Fields.Count: 1 } && match.Fields.TryGetValue(Mark, out var value) && value is { KindCase: Value.KindOneofCase.BoolValue, BoolValue: true };

    /// <summary>No socket, or the one that adds nothing.</summary>
    public static bool IsRaw(TransportSocket? socket) =>
        socket is null || (socket.TypedConfig is null ? socket.Name is "" or RawName : socket.TypedConfig.TypeUrl == RawType);
}
