using Banyan.Rules;
using Banyan.Xds;
using Xunit;

namespace Banyan.Tests.Rules;

/// <summary>Short ways to write route configurations.</summary>
internal static class Tables
{
    public static RouteConfiguration Configuration(params Route[] routes) =>
        new() { Name = "shop.default:80", VirtualHosts = { new VirtualHost { Name = "all", Domains = { "*" }, Routes = { routes } } } };

    public static Route To(string name, RouteMatch match) =>
        new() { Name = name, Match = match, Route_ = new RouteAction { Cluster = $"cluster-{name}" } };

    public static Route To(string name, HeaderMatcher header) => To(name, new RouteMatch { Prefix = "/", Headers = { header } });

    public static Route To(string name, QueryParameterMatcher query) => To(name, new RouteMatch { Prefix = "/", QueryParameters = { query } });

    public static RouteTable Compile(RouteConfiguration configuration)
    {
        Assert.True(RouteTable.TryCompile(configuration, out var table, out var error), error);
        Assert.Equal("", error);
        return table;
    }

    public static RouteTable Compile(params Route[] routes) => Compile(Configuration(routes));

    public static string Refused(RouteConfiguration configuration)
    {
        Assert.False(RouteTable.TryCompile(configuration, out var table, out var error));
        Assert.Null(table);
        Assert.NotEqual("", error);
        return error;
    }

    public static string Refused(params Route[] routes) => Refused(Configuration(routes));
}
