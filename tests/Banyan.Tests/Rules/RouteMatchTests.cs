using Banyan.Rules;
using Banyan.Xds;
using Xunit;
using static Banyan.Tests.Rules.Tables;

namespace Banyan.Tests.Rules;

public sealed class RouteMatchTests
{
    [Theory]
    [InlineData("/a", "exact")]
    [InlineData("/a/", "-")]
    [InlineData("/A", "-")]
    [InlineData("/b", "prefix")]
    [InlineData("/bcd/e", "prefix")]
    [InlineData("/s", "segment")]
    [InlineData("/s/t", "segment")]
    [InlineData("/s/", "segment")]
    [InlineData("/st", "-")]
    [InlineData("/NoCase", "loose")]
    [InlineData("/dir/x", "slash")]
    [InlineData("/dir/", "slash")]
    [InlineData("/dir", "-")]
    [InlineData("/a?x=/b", "exact")]
    public void Paths(string target, string route)
    {
        var table = Compile(
            To("exact", new RouteMatch { Path = "/a" }),
            To("prefix", new RouteMatch { Prefix = "/b" }),
            To("segment", new RouteMatch { PathSeparatedPrefix = "/s" }),
            To("loose", new RouteMatch { Path = "/nocAse", CaseSensitive = false }),
            To("slash", new RouteMatch { Prefix = "/dir/" }));
        Assert.Equal(route, new TestRequest(target).RouteOf(table));
    }

    [Fact]
    public void TheFirstRouteThatMatchesWins()
    {
        var table = Compile(
            To("post", new RouteMatch { Path = "/a", Headers = { new HeaderMatcher { Name = ":method", ExactMatch = "POST" } } }),
            To("prefix", new RouteMatch { Prefix = "/" }),
            To("never", new RouteMatch { Path = "/a" }));
        Assert.Equal("post", new TestRequest("/a", "POST").RouteOf(table));
        Assert.Equal("prefix", new TestRequest("/a").RouteOf(table));
        Assert.Equal(["cluster-post", "cluster-prefix", "cluster-never"], table.Clusters);
    }

    [Theory]
    [InlineData("one", null, "-")]
    [InlineData("exact", "blue", "exact")]
    [InlineData("exact", "Blue", "-")]
    [InlineData("prefix", "bl-1", "prefix")]
    [InlineData("suffix", "1-ue", "suffix")]
    [InlineData("contains", "xlux", "contains")]
    [InlineData("loose", "BLUE", "loose")]
    [InlineData("loose-contains", "xxBLuexx", "loose-contains")]
    [InlineData("loose-contains", "bbbBLUE", "loose-contains")]
    [InlineData("loose-contains", "blu", "-")]
    [InlineData("present", "", "present")]
    [InlineData("absent", "", "-")]
    [InlineData("range", "10", "range")]
    [InlineData("range", "19", "range")]
    [InlineData("range", "20", "-")]
    [InlineData("range", "9", "-")]
    [InlineData("range", "-10", "-")]
    [InlineData("range", "12x", "-")]
    [InlineData("range", "", "-")]
    [InlineData("range", "99999999999999999999", "-")]
    [InlineData("not", "other", "not")]
    [InlineData("not", "blue", "-")]
    public void HeaderTests(string header, string? value, string route)
    {
        var table = Compile(
            To("exact", new HeaderMatcher { Name = "Exact", ExactMatch = "blue" }),
            To("prefix", new HeaderMatcher { Name = "prefix", PrefixMatch = "bl" }),
            To("suffix", new HeaderMatcher { Name = "suffix", SuffixMatch = "ue" }),
            To("contains", new HeaderMatcher { Name = "contains", ContainsMatch = "lu" }),
            To("loose", new HeaderMatcher { Name = "loose", StringMatch = new StringMatcher { Exact = "bLue", IgnoreCase = true } }),
            To("loose-contains", new HeaderMatcher { Name = "loose-contains", StringMatch = new StringMatcher { Contains = "Blue", IgnoreCase = true } }),
            To("present", new HeaderMatcher { Name = "present", PresentMatch = true }),
            To("range", new HeaderMatcher { Name = "range", RangeMatch = new Int64Range { Start = 10, End = 20 } }),
            To("not", new HeaderMatcher { Name = "not", ExactMatch = "blue", InvertMatch = true }));
        var fields = value is null ? Array.Empty<(string, string)>() : [("Other", "x"), (header.ToUpperInvariant(), value), ("More", "y")];
        Assert.Equal(route, new TestRequest("/", fields: fields).RouteOf(table));
    }

    [Theory]
    [InlineData(false, false, false)]
    [InlineData(true, false, false)]  // inverted, yet a missing header matches nothing
    [InlineData(false, true, false)]
    [InlineData(true, true, true)]
    public void MissingHeaders(bool invert, bool missingIsEmpty, bool matches)
    {
        var table = Compile(To("r", new HeaderMatcher { Name = "x", ExactMatch = "1", InvertMatch = invert, TreatMissingHeaderAsEmpty = missingIsEmpty }));
        Assert.Equal(matches ? "r" : "-", new TestRequest("/").RouteOf(table));
    }

    [Theory]
    [InlineData(true, false, false)]
    [InlineData(false, false, true)]
    [InlineData(true, true, true)]
    [InlineData(false, true, false)]
    public void Presence(bool present, bool invert, bool matchesWithout)
    {
        var table = Compile(To("r", new HeaderMatcher { Name = "x", PresentMatch = present, InvertMatch = invert }));
        Assert.Equal(matchesWithout ? "r" : "-", new TestRequest("/").RouteOf(table));
        Assert.Equal(matchesWithout ? "-" : "r", new TestRequest("/", fields: ("x", "")).RouteOf(table));
        Assert.Equal(matchesWithout ? "-" : "r", new TestRequest("/", fields: [("x", ""), ("x", "1")]).RouteOf(table));
    }

    [Fact]
    public void LinesOfTheSameNameAreJoined()
    {
        var table = Compile(
            To("joined", new HeaderMatcher { Name = "x", ExactMatch = "a,b,c" }),
            To("single", new HeaderMatcher { Name = "x", ExactMatch = "b" }));
        Assert.Equal("joined", new TestRequest("/", fields: [("x", "a"), ("y", "z"), ("X", "b"), ("x", "c")]).RouteOf(table));
        Assert.Equal("single", new TestRequest("/", fields: ("x", "b")).RouteOf(table));
        Assert.Equal("-", new TestRequest("/", fields: [("x", "b"), ("x", "b")]).RouteOf(table));

        var value = new string('v', 400);
        table = Compile(To("long", new HeaderMatcher { Name = "x", ExactMatch = $"{value},{value}" }));
        Assert.Equal("long", new TestRequest("/", fields: [("x", value), ("x", value)]).RouteOf(table));
    }

    [Theory]
    [InlineData(":method", "POST")]
    [InlineData(":authority", "shop.default:80")]
    [InlineData("host", "shop.default:80")]
    [InlineData(":path", "/a?b=c")]
    [InlineData(":scheme", "http")]
    public void PseudoHeaders(string name, string value)
    {
        var table = Compile(To("r", new HeaderMatcher { Name = name, ExactMatch = value }));
        Assert.Equal("r", new TestRequest("/a?b=c", "POST").RouteOf(table));
        Assert.Equal("-", new TestRequest("/other?b=c", "GET", "other") { Secure = true }.RouteOf(table));
    }

    [Theory]
    [InlineData("/?a=1", "exact")]
    [InlineData("/?a=2", "-")]
    [InlineData("/?x=y&a=1&z", "exact")]
    [InlineData("/?a=2&a=1", "-")] // the first one counts
    [InlineData("/?%61=%31", "exact")]
    [InlineData("/?&&a=1", "exact")]
    [InlineData("/?aa=1", "-")]
    [InlineData("/?flag", "flag")]
    [InlineData("/?flag=", "flag")]
    [InlineData("/?b=x+y%20z", "decoded")]
    [InlineData("/?b=x%2", "-")]
    [InlineData("/?c=%zz%", "bad")]
    [InlineData("/?c", "-")]
    [InlineData("/", "-")]
    public void Queries(string target, string route)
    {
        var table = Compile(
            To("exact", new QueryParameterMatcher { Name = "a", StringMatch = new StringMatcher { Exact = "1" } }),
            To("flag", new QueryParameterMatcher { Name = "flag", PresentMatch = true }),
            To("decoded", new QueryParameterMatcher { Name = "b", StringMatch = new StringMatcher { Exact = "x y z" } }),
            To("bad", new QueryParameterMatcher { Name = "c", StringMatch = new StringMatcher { Prefix = "%zz" } }));
        Assert.Equal(route, new TestRequest(target).RouteOf(table));
    }

    [Fact]
    public void EveryConditionOfARouteMustHold()
    {
        var table = Compile(To("r", new RouteMatch
        {
            Path = "/a",
            Headers = { new HeaderMatcher { Name = "x", ExactMatch = "1" }, new HeaderMatcher { Name = "y", ExactMatch = "2" } },
            QueryParameters = { new QueryParameterMatcher { Name = "q", PresentMatch = true }, new QueryParameterMatcher { Name = "r", PresentMatch = true } },
        }));
        Assert.Equal("r", new TestRequest("/a?q&r", fields: [("x", "1"), ("y", "2")]).RouteOf(table));
        Assert.Equal("-", new TestRequest("/b?q&r", fields: [("x", "1"), ("y", "2")]).RouteOf(table));
        Assert.Equal("-", new TestRequest("/a?q", fields: [("x", "1"), ("y", "2")]).RouteOf(table));
        Assert.Equal("-", new TestRequest("/a?q&r", fields: [("x", "1")]).RouteOf(table));
        Assert.Equal("-", new TestRequest("/a?q&r", fields: ("y", "2")).RouteOf(table));
    }

    [Theory]
    [InlineData("exact.example", "exact")]
    [InlineData("EXACT.Example", "exact")]
    [InlineData("exact.example:80", "any")]
    [InlineData("ported.example:8080", "ported")]
    [InlineData("ported.example", "suffix")]
    [InlineData("a.b.example", "long suffix")]
    [InlineData("a.c.example", "suffix")]
    [InlineData("A.C.EXAMPLE", "suffix")]
    [InlineData(".example", "any")] // a wildcard is not empty
    [InlineData("api.one", "prefix")]
    [InlineData("api.v2.one", "long prefix")]
    [InlineData("api.x.example", "suffix")] // suffixes before prefixes
    [InlineData("", "any")]
    public void Domains(string authority, string host)
    {
        var table = Compile(Hosts(
            ("any", "*"),
            ("prefix", "api.*"),
            ("long prefix", "api.v2.*"),
            ("suffix", "*.example"),
            ("long suffix", "*.B.example"),
            ("exact", "Exact.example"),
            ("ported", "ported.example:8080")));
        Assert.Equal(host, new TestRequest("/", authority: authority).RouteOf(table));
    }

    [Theory]
    [InlineData("a.example:81", "exact")]
    [InlineData("a.example", "exact")]
    [InlineData("[::1]:80", "v6")]
    [InlineData("[::1]", "v6")]
    [InlineData("b.example", "-")]
    public void PortsCanBeIgnored(string authority, string host)
    {
        var configuration = Hosts(("exact", "a.example"), ("v6", "[::1]"));
        configuration.IgnorePortInHostMatching = true;
        Assert.Equal(host, new TestRequest("/", authority: authority).RouteOf(Compile(configuration)));
    }

    [Fact]
    public void ADomainWithoutAMatchingRouteIsNotFollowedByAnother()
    {
        var configuration = Hosts(("any", "*"), ("exact", "a"));
        configuration.VirtualHosts[1].Routes[0].Match = new RouteMatch { Path = "/only" };
        Assert.Equal("-", new TestRequest("/", authority: "a").RouteOf(Compile(configuration)));
    }

    [Fact]
    public void RuntimeFractionsOfAllAndNothing()
    {
        static Route Fraction(string name, uint numerator) => To(name, new RouteMatch
        {
            Prefix = "/",
            RuntimeFraction = new RuntimeFractionalPercent { DefaultValue = new FractionalPercent { Numerator = numerator } },
        });
        var table = Compile(Fraction("none", 0), Fraction("all", 100));
        Assert.Equal("all", new TestRequest("/").RouteOf(table));
        Assert.Equal(2, table.Routes.Length);
        Assert.Contains("virtual_hosts[0].routes[0].match.runtime_fraction: 50 of 100", Refused(Fraction("some", 50)), StringComparison.Ordinal);
    }

    [Fact]
    public void UnnamedRoutesAreCalledAfterTheirPath()
    {
        var table = Compile(To("", new RouteMatch { Path = "/a" }), To("", new RouteMatch { Prefix = "/b" }), To("", new RouteMatch { PathSeparatedPrefix = "/c" }));
        Assert.Equal(["/a", "/b*", "/c/*"], table.Routes.Select(route => route.Name));
        Assert.Equal([0, 1, 2], table.Routes.Select(route => route.Index));
    }

    [Fact]
    public void MatchingAllocatesNothing()
    {
        var routes = Enumerable.Range(0, 200).Select(i => To($"r{i}", new RouteMatch { Path = $"/api/v1/items/{i}" })).ToList();
        routes.Add(To("joined", new RouteMatch { Prefix = "/j", Headers = { new HeaderMatcher { Name = "x", SuffixMatch = ",end" } } }));
        routes.Add(To("query", new RouteMatch { Prefix = "/q", QueryParameters = { new QueryParameterMatcher { Name = "a", StringMatch = new StringMatcher { Exact = "b c" } } } }));
        routes.Add(To("rest", new RouteMatch { Prefix = "/" }));
        var configuration = Configuration([.. routes]);
        configuration.VirtualHosts[0].Domains.Add("shop.default");
        var table = Compile(configuration);
        TestRequest[] requests =
        [
            new("/api/v1/items/77"),
            new("/none"),
            new("/j", fields: [("x", new string('a', 600)), ("x", "end")]),
            new("/q?a=b%20c", authority: "SHOP.default"),
        ];
        Assert.Equal(["r77", "rest", "joined", "query"], requests.Select(request => request.RouteOf(table)));
        Allocations.AssertNone(() =>
        {
            foreach (var request in requests)
            {
                table.Match(request.View);
            }
        });
    }

    private static RouteConfiguration Hosts(params (string Name, string Domain)[] hosts)
    {
        var configuration = new RouteConfiguration();
        foreach (var (name, domain) in hosts)
        {
            configuration.VirtualHosts.Add(new VirtualHost
            {
                Name = name,
                Domains = { domain },
                Routes = { To(name, new RouteMatch { Prefix = "/" }) },
            });
        }

        return configuration;
    }
}
