using Banyan.Rules;
using Banyan.Rules.Authorization;
using Banyan.Rules.Tokens;
using Banyan.Xds;
using Google.Protobuf.WellKnownTypes;
using Escapes = Banyan.Xds.HttpConnectionManager.Types.PathWithEscapedSlashesAction;

namespace Banyan.Proxy.Snapshot.Resources;

/// <summary>
/// An HttpConnectionManager, checked: how requests are read and where their routes come from. A TcpProxy is read into the
/// same (<see cref="TcpProxyFilter"/>).
/// </summary>
/// <param name="Http">How requests are read; of bytes that are not HTTP, how long they may pause.</param>
/// <param name="RouteName">Routes that come by RDS; null for inline ones.</param>
/// <param name="Inline">Routes written in the listener; null for discovered ones.</param>
internal sealed record HttpManager(HttpSettings Http, string? RouteName, RouteTable? Inline)
{
    /// <summary>Who may call what; null: nothing is asked.</summary>
    public AuthorizationTable? Authorization { get; init; }

    /// <summary>Whose tokens are accepted; null: nobody looks at any.</summary>
    public TokenTable? Tokens { get; init; }

    private const string TypeUrl =
        "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";

    private const string RouterTypeUrl = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router";
    private const string RouterName = "envoy.filters.http.router";
    private const int HeadLimitKilobytes = Wire.Http1.HeadLimits.MaxBytes / 1024;

    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    public static HttpManager? Read(Any? packed, string at, Problems problems)
    {
        if (packed is null || packed.TypeUrl != TypeUrl)
        {
            problems.Add(at, packed is null ? "missing" : $"{packed.TypeUrl} is not supported, only HttpConnectionManager is");
            return null;
        }

        var manager = HttpConnectionManager.Parser.ParseFrom(packed.Value);
        RefuseUnsupported(manager, at, problems);
        var (authorization, tokens) = ReadFilters(manager, at, problems);
        var (routeName, inline) = ReadRoutes(manager, at, problems);
        return new HttpManager(ReadSettings(manager, at, problems), routeName, inline)
        {
            Authorization = authorization, Tokens = tokens,
        };
    }

    private static void RefuseUnsupported(HttpConnectionManager manager, string at, Problems problems)
    {
        problems.AddIf(
            manager.CodecType is not (HttpConnectionManager.Types.CodecType.Auto or HttpConnectionManager.Types.CodecType.Http1),
            $"{at}.codec_type",
            $"{manager.CodecType} is not supported");
        problems.AddIf(manager.RequestTimeout is { Seconds: not 0 } or { Nanos: not 0 }, $"{at}.request_timeout", "not supported");
        problems.AddIf(
            manager.MaxRequestHeadersKb is { } limit && limit != HeadLimitKilobytes,
            $"{at}.max_request_headers_kb",
            $"only {HeadLimitKilobytes} is supported");
        problems.AddIf(
            (manager.NormalizePath ?? false) != manager.MergeSlashes,
            $"{at}.merge_slashes",
            "is supported only together with normalize_path");
        problems.AddIf(
            manager.PathWithEscapedSlashesAction is Escapes.UnescapeAndForward or Escapes.UnescapeAndRedirect,
            $"{at}.path_with_escaped_slashes_action",
            $"{manager.PathWithEscapedSlashesAction} is not supported");
    }

    /// <summary>What the filters before the router decide; null when there are none.</summary>
    private static (AuthorizationTable? Authorization, TokenTable? Tokens) ReadFilters(
        HttpConnectionManager manager, string at, Problems problems)
    {
        List<AuthorizationFilter> authorization = [];
        (Any Packed, string At)? tokens = null;
        for (var i = 0; i < manager.HttpFilters.Count; i++)
        {
            var filter = manager.HttpFilters[i];
            var isRouter = filter.ConfigTypeCase switch
            {
                HttpFilter.ConfigTypeOneofCase.TypedConfig => filter.TypedConfig.TypeUrl == RouterTypeUrl,
                HttpFilter.ConfigTypeOneofCase.None => filter.Name == RouterName,
                _ => false,
            };
            if (isRouter)
            {
                problems.AddIf(i != manager.HttpFilters.Count - 1, $"{at}.http_filters[{i}]", "the router must be the last filter");
            }
            else if (filter is { Disabled: false, TypedConfig: { TypeUrl: AuthorizationFilters.HttpTypeUrl } rbac })
            {
                problems.AddIf(
                    i == manager.HttpFilters.Count - 1, $"{at}.http_filters", "the last filter must be the router");
                authorization.Add(AuthorizationFilters.ReadHttp(rbac, $"{at}.http_filters[{i}]"));
            }
            else if (filter is { Disabled: false, TypedConfig: { TypeUrl: AuthorizationFilters.TokensTypeUrl } jwt })
            {
                problems.AddIf(
                    tokens is not null || authorization.Count > 0,
                    $"{at}.http_filters[{i}]",
                    "one JWT filter is supported, before RBAC");
                problems.AddIf(
                    i == manager.HttpFilters.Count - 1, $"{at}.http_filters", "the last filter must be the router");
                tokens = (jwt, $"{at}.http_filters[{i}].typed_config");
            }
            else
            {
                problems.AddIf(!filter.IsOptional && !filter.Disabled, $"{at}.http_filters[{i}]", $"\"{filter.Name}\" is not supported");
                problems.AddIf(
                    i == manager.HttpFilters.Count - 1, $"{at}.http_filters", "the last filter must be the router");
            }
        }

        var table = AuthorizationFilters.Compile(authorization, $"{at}.http_filters", problems);
        return (table, tokens is var (packed, where) ? AuthorizationFilters.ReadTokens(packed, table?.Claims ?? [], where, problems) : null);
    }

    private static (string? RouteName, RouteTable? Inline) ReadRoutes(HttpConnectionManager manager, string at, Problems problems)
    {
        switch (manager.RouteSpecifierCase)
        {
            case HttpConnectionManager.RouteSpecifierOneofCase.Rds:
                problems.AddIf(
                    manager.Rds.ConfigSource is not { } source || !ConfigSources.IsThisStream(source),
                    $"{at}.rds.config_source",
                    "only ads is supported");
                problems.AddIf(manager.Rds.RouteConfigName.Length == 0, $"{at}.rds.route_config_name", "missing");
                return (manager.Rds.RouteConfigName, null);
            case HttpConnectionManager.RouteSpecifierOneofCase.RouteConfig:
                return (null, RouteResource.Compile(manager.RouteConfig, $"{at}.route_config", problems));
            default:
                problems.Add(at, "rds or route_config is needed");
                return (null, null);
        }
    }

    private static HttpSettings ReadSettings(HttpConnectionManager manager, string at, Problems problems)
    {
        var defaults = HttpSettings.Default;
        return new HttpSettings(
            manager.NormalizePath ?? false,
            manager.PathWithEscapedSlashesAction == Escapes.RejectRequest,
            Durations.Read(
                manager.StreamIdleTimeout, defaults.StreamIdle, TimeSpan.Zero, Longest, $"{at}.stream_idle_timeout", problems),
            Durations.Read(
                manager.RequestHeadersTimeout, defaults.HeadTimeout, TimeSpan.Zero, Longest, $"{at}.request_headers_timeout", problems));
    }
}
