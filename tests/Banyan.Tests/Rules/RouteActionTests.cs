using System.Text;
using Banyan.Rules;
using Banyan.Xds;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;
using static Banyan.Tests.Rules.Tables;

namespace Banyan.Tests.Rules;

public sealed class RouteActionTests
{
    [Fact]
    public void TimeoutsAreNoneUnlessSet()
    {
        var route = Forward(_ => { });
        Assert.Equal(TimeSpan.Zero, route.Timeout);
        Assert.Equal(TimeSpan.Zero, route.IdleTimeout);
        Assert.Equal(503, route.MissingClusterStatus);
        Assert.Null(route.Retry);
        Assert.Null(route.HostRewrite);
        Assert.Null(route.PathRewrite);

        route = Forward(action =>
        {
            action.Timeout = new Duration { Seconds = 1, Nanos = 500_000_000 };
            action.IdleTimeout = new Duration { Nanos = 1 };
            action.ClusterNotFoundResponseCode = 1;
        });
        Assert.Equal(TimeSpan.FromSeconds(1.5), route.Timeout);
        Assert.Equal(TimeSpan.FromTicks(1), route.IdleTimeout); // not zero: that would mean none
        Assert.Equal(404, route.MissingClusterStatus);

        route = Forward(action => action.IdleTimeout = new Duration());
        Assert.Equal(Timeout.InfiniteTimeSpan, route.IdleTimeout);
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(0, -1)]
    [InlineData(0, 1_000_000_000)]
    [InlineData(long.MaxValue, 0)]
    public void ImpossibleTimeoutsAreRefused(long seconds, int nanos)
    {
        var route = To("r", new RouteMatch { Prefix = "/" });
        route.Route_.Timeout = new Duration { Seconds = seconds, Nanos = nanos };
        Assert.Equal("virtual_hosts[0].routes[0].route.timeout: must be from 0 to 30 days", Refused(route));
    }

    [Theory]
    [InlineData("/a", "/a/b", "/x", "/x/b")]
    [InlineData("/a", "/a", "/x", "/x")]
    [InlineData("/a", "/a/b", "/", "/b")]
    [InlineData("/a", "/a", "/", "/")]
    [InlineData("/a", "/a/", "/x/", "/x/")]
    public void PrefixRewrites(string prefix, string path, string rewrite, string expected)
    {
        var table = Compile(Rewriting(new RouteMatch { PathSeparatedPrefix = prefix }, rewrite));
        Assert.Equal(expected, Rewritten(table.Routes[0].PathRewrite!, path));
    }

    [Fact]
    public void ExactMatchesAreRewrittenWhole()
    {
        var table = Compile(Rewriting(new RouteMatch { Path = "/a/b" }, "/c"), Rewriting(new RouteMatch { Prefix = "" }, "/all"));
        Assert.Equal("/c", Rewritten(table.Routes[0].PathRewrite!, "/a/b"));
        Assert.Equal("/all/x", Rewritten(table.Routes[1].PathRewrite!, "/x"));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("/a?b")]
    [InlineData("/a#b")]
    [InlineData("/a b")]
    [InlineData("/a\r\nb")]
    public void BadRewritesAreRefused(string rewrite) =>
        Assert.Contains("route.prefix_rewrite: ", Refused(Rewriting(new RouteMatch { Prefix = "/" }, rewrite)), StringComparison.Ordinal);

    [Fact]
    public void HostRewritesOfBackendsGoBeforeTheRoutes()
    {
        var route = To("r", new RouteMatch { Prefix = "/" });
        route.Route_ = new RouteAction
        {
            HostRewriteLiteral = "route.example",
            WeightedClusters = new WeightedCluster
            {
                Clusters =
                {
                    new WeightedCluster.Types.ClusterWeight { Name = "a", Weight = 1, HostRewriteLiteral = "a.example:81" },
                    new WeightedCluster.Types.ClusterWeight { Name = "b", Weight = 1 },
                },
            },
        };
        var compiled = Compile(route).Routes[0];
        Assert.Equal("route.example"u8.ToArray(), compiled.HostRewrite);
        Assert.Equal("a.example:81"u8.ToArray(), compiled.Backends[0].HostRewrite);
        Assert.Equal("route.example"u8.ToArray(), compiled.Backends[1].HostRewrite);
        route.Route_.HostRewriteLiteral = "a\r\nb";
        Assert.Contains("route.host_rewrite_literal: ", Refused(route), StringComparison.Ordinal);
    }

    [Fact]
    public void DirectResponses()
    {
        var route = Compile(Direct(new DirectResponseAction { Status = 403, Body = new DataSource { InlineString = "no" } })).Routes[0];
        Assert.Equal(RouteActionKind.DirectResponse, route.Action);
        Assert.Equal(403, route.Status);
        Assert.Equal("no"u8.ToArray(), route.Body);
        Assert.Empty(route.Backends);
        Assert.Equal([1, 2], Compile(Direct(new DirectResponseAction { Status = 200, Body = new DataSource { InlineBytes = ByteString.CopyFrom(1, 2) } })).Routes[0].Body);
        Assert.Contains("direct_response.status: must be from 200 to 599, not 99", Refused(Direct(new DirectResponseAction { Status = 99 })), StringComparison.Ordinal);
        Assert.Contains(
            "direct_response.body: at most 4096 bytes, not 4097",
            Refused(Direct(new DirectResponseAction { Status = 200, Body = new DataSource { InlineString = new string('x', 4_097) } })),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "httpsRedirect": true }""", "shop:80", "https://shop/old/x?q=1")]
    [InlineData("""{ "httpsRedirect": true }""", "shop:8080", "https://shop:8080/old/x?q=1")]
    [InlineData("""{ "httpsRedirect": true, "portRedirect": 8443 }""", "shop:8080", "https://shop:8443/old/x?q=1")]
    [InlineData("""{ "hostRedirect": "other" }""", "shop:8080", "http://other/old/x?q=1")]
    [InlineData("""{ "hostRedirect": "other", "portRedirect": 81 }""", "shop", "http://other:81/old/x?q=1")]
    [InlineData("""{ "pathRedirect": "/new" }""", "shop", "http://shop/new?q=1")]
    [InlineData("""{ "pathRedirect": "/new?own=1" }""", "shop", "http://shop/new?own=1")]
    [InlineData("""{ "pathRedirect": "/new", "stripQuery": true }""", "shop", "http://shop/new")]
    [InlineData("""{ "prefixRewrite": "/new" }""", "shop", "http://shop/new/x?q=1")]
    [InlineData("""{ "schemeRedirect": "https" }""", "[::1]:80", "https://[::1]/old/x?q=1")]
    [InlineData("""{ "portRedirect": 90 }""", "[::1]", "http://[::1]:90/old/x?q=1")]
    public void Redirects(string json, string authority, string location)
    {
        var table = Compile(Redirecting(JsonParser.Default.Parse<RedirectAction>(json)));
        var request = new TestRequest("/old/x?q=1", authority: authority);
        var target = table.Match(request.View)!.Redirect!;
        var output = new byte[target.MaxLength(request.View)];
        var length = target.WriteLocation(request.View, output);
        Assert.Equal(location, Encoding.UTF8.GetString(output, 0, length));
    }

    [Theory]
    [InlineData("MOVED_PERMANENTLY", 301)]
    [InlineData("FOUND", 302)]
    [InlineData("SEE_OTHER", 303)]
    [InlineData("TEMPORARY_REDIRECT", 307)]
    [InlineData("PERMANENT_REDIRECT", 308)]
    public void RedirectStatuses(string code, int status)
    {
        var route = Compile(Redirecting(JsonParser.Default.Parse<RedirectAction>($$"""{ "responseCode": "{{code}}" }"""))).Routes[0];
        Assert.Equal((RouteActionKind.Redirect, status), (route.Action, route.Status));
    }

    [Theory]
    [InlineData("""{ "portRedirect": 65536 }""", "redirect.port_redirect: 65536 is not a port")]
    [InlineData("""{ "schemeRedirect": "ftp" }""", "redirect.scheme_redirect: 'ftp' is neither http nor https")]
    [InlineData("""{ "hostRedirect": "a b" }""", "redirect.host_redirect: 'a b' is not a host")]
    [InlineData("""{ "pathRedirect": "x" }""", "redirect.path_redirect: 'x' must be a path")]
    public void BadRedirectsAreRefused(string json, string message) =>
        Assert.Contains(message, Refused(Redirecting(JsonParser.Default.Parse<RedirectAction>(json))), StringComparison.Ordinal);

    [Fact]
    public void RetryPolicies()
    {
        var route = Forward(action => action.RetryPolicy = new RetryPolicy
        {
            RetryOn = "gateway-error, connect-failure,retriable-status-codes",
            NumRetries = 3,
            PerTryTimeout = new Duration { Seconds = 2 },
            RetriableStatusCodes = { 500, 429 },
            RetryBackOff = new RetryPolicy.Types.RetryBackOff { BaseInterval = new Duration { Nanos = 100_000_000 } },
        });
        var retry = route.Retry!;
        Assert.Equal(RetryConditions.GatewayError | RetryConditions.ConnectFailure | RetryConditions.StatusCodes, retry.Conditions);
        Assert.Equal((3, TimeSpan.FromSeconds(2)), (retry.Retries, retry.PerTryTimeout));
        Assert.Equal((TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1)), (retry.BaseInterval, retry.MaxInterval));
        Assert.Equal([429, 500, 502, 503, 504], Enumerable.Range(200, 400).Where(retry.Covers));
        Assert.Null(Forward(action => action.RetryPolicy = new RetryPolicy { NumRetries = 3 }).Retry);
        Assert.Null(Forward(action => action.RetryPolicy = new RetryPolicy { RetryOn = "reset", NumRetries = 0 }).Retry);
    }

    [Fact]
    public void TheVirtualHostsRetryPolicyHoldsUnlessTheRouteHasOne()
    {
        var configuration = Configuration(To("a", new RouteMatch { Path = "/a" }), To("b", new RouteMatch { Path = "/b" }));
        configuration.VirtualHosts[0].RetryPolicy = new RetryPolicy { RetryOn = "5xx" };
        configuration.VirtualHosts[0].Routes[1].Route_.RetryPolicy = new RetryPolicy { RetryOn = "reset" };
        var table = Compile(configuration);
        Assert.Equal(RetryConditions.ServerError, table.Routes[0].Retry!.Conditions);
        Assert.Equal(RetryConditions.Reset, table.Routes[1].Retry!.Conditions);
        Assert.Equal([500, 599], Enumerable.Range(200, 400).Where(table.Routes[0].Retry!.Covers).Where((_, i) => i is 0 or 99));
    }

    [Theory]
    [InlineData("""{ "retryOn": "5xx,magic" }""", "retry_policy.retry_on: 'magic' is not supported")]
    [InlineData("""{ "retryOn": "5xx", "perTryTimeout": "6s" }""", "retry_policy.per_try_timeout: 6 s is longer than the request timeout, 5 s")]
    [InlineData("""{ "retryOn": "5xx", "numRetries": 101 }""", "retry_policy.num_retries: at most 100, not 101")]
    [InlineData("""{ "retryOn": "5xx", "retriableStatusCodes": [600] }""", "retry_policy.retriable_status_codes")]
    [InlineData("""{ "retryOn": "5xx", "retryBackOff": { "baseInterval": "2s", "maxInterval": "1s" } }""", "retry_policy.retry_back_off")]
    [InlineData("""{ "retryOn": "5xx", "retryBackOff": { "baseInterval": "0s" } }""", "retry_policy.retry_back_off")]
    public void BadRetryPoliciesAreRefused(string json, string message)
    {
        var route = To("r", new RouteMatch { Prefix = "/" });
        route.Route_.Timeout = new Duration { Seconds = 5 };
        route.Route_.RetryPolicy = JsonParser.Default.Parse<RetryPolicy>(json);
        Assert.Contains(message, Refused(route), StringComparison.Ordinal);
    }

    private static CompiledRoute Forward(Action<RouteAction> change)
    {
        var route = To("r", new RouteMatch { Prefix = "/" });
        change(route.Route_);
        return Compile(route).Routes[0];
    }

    private static Route Rewriting(RouteMatch match, string rewrite)
    {
        var route = To("r", match);
        route.Route_.PrefixRewrite = rewrite;
        return route;
    }

    private static string Rewritten(PathRewrite rewrite, string path)
    {
        var output = new byte[rewrite.MaxLength(path.Length)];
        return Encoding.UTF8.GetString(output, 0, rewrite.Write(Encoding.UTF8.GetBytes(path), output));
    }

    private static Route Direct(DirectResponseAction action) =>
        new() { Name = "r", Match = new RouteMatch { Prefix = "/" }, DirectResponse = action };

    private static Route Redirecting(RedirectAction action) =>
        new() { Name = "r", Match = new RouteMatch { PathSeparatedPrefix = "/old" }, Redirect = action };
}
