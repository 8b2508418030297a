using Banyan.Rules.Authorization;
using Banyan.Rules.Tokens;
using Banyan.Xds;
using Banyan.Xds.Tokens;
using Google.Protobuf.WellKnownTypes;
using HttpRbac = Banyan.Xds.Authorization.Http.RBAC;
using NetworkRbac = Banyan.Xds.Authorization.Network.RBAC;

namespace Banyan.Proxy.Snapshot.Resources;

/// <summary>Reads the RBAC filters of a listener and compiles them to one decision.</summary>
internal static class AuthorizationFilters
{
    public const string HttpTypeUrl = "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC";

    public const string NetworkTypeUrl = "type.googleapis.com/envoy.extensions.filters.network.rbac.v3.RBAC";

    public const string TokensTypeUrl = "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication";

    /// <summary>The JWT filter, for the claims that policies ask for; null where it has a problem.</summary>
    public static TokenTable? ReadTokens(Any packed, IReadOnlyList<ClaimPath> claims, string at, Problems problems)
    {
        if (!TokenTable.TryCompile(JwtAuthentication.Parser.ParseFrom(packed.Value), claims, at, out var table, out var error))
        {
            // Each of its problems names its own place.
            problems.AddRange([error]);
        }

        return table;
    }

    /// <summary>One filter of those before the router.</summary>
    public static AuthorizationFilter ReadHttp(Any packed, string at)
    {
        var rbac = HttpRbac.Parser.ParseFrom(packed.Value);
        return new AuthorizationFilter(rbac.Rules, rbac.ShadowRules, $"{at}.typed_config");
    }

    /// <summary>The filters before the last of a chain; null when there are none, or a problem.</summary>
    public static AuthorizationTable? ReadNetwork(FilterChain chain, string at, Problems problems)
    {
        List<AuthorizationFilter> filters = [];
        for (var i = 0; i < chain.Filters.Count - 1; i++)
        {
            if (chain.Filters[i].TypedConfig is { TypeUrl: NetworkTypeUrl } packed)
            {
                var rbac = NetworkRbac.Parser.ParseFrom(packed.Value);
                filters.Add(new AuthorizationFilter(rbac.Rules, rbac.ShadowRules, $"{at}.filters[{i}].typed_config"));
            }
            else
            {
                problems.Add(
                    $"{at}.filters[{i}]", $"\"{chain.Filters[i].Name}\" is not supported, only RBAC is before the last filter");
            }
        }

        return Compile(filters, at, problems);
    }

    /// <summary>The decision of all of them; null when there are none, or a problem.</summary>
    public static AuthorizationTable? Compile(IReadOnlyList<AuthorizationFilter> filters, string at, Problems problems)
    {
        if (filters.Count == 0)
        {
            return null;
        }

        if (!AuthorizationTable.TryCompile(filters, at, out var table, out var error))
        {
            // Each of its problems names its own place.
            problems.AddRange([error]);
        }

        return table;
    }
}
