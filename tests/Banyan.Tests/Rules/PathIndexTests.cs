using System.Text;
using Banyan.Rules;
using Banyan.Rules.Matching;
using Banyan.Xds;
using Xunit;
using static Banyan.Tests.Rules.Tables;

namespace Banyan.Tests.Rules;

/// <summary>Large tables must answer as testing every route in order does.</summary>
public sealed class PathIndexTests
{
    private static readonly string[] Segments = ["a", "b", "ab", "items", "orders-1", "v1", "", "a-rather-long-segment", "a-rather-long-segmenu"];

    [Fact]
    public void RandomTablesAgreeWithTestingEveryRoute()
    {
        var random = new Random(11);
        var matches = 0;
        for (var round = 0; round < 200; round++)
        {
            var routes = Enumerable.Range(0, random.Next(1, 60)).Select(i => RandomRoute(random, i)).ToArray();
            var table = Compile(routes);
            for (var n = 0; n < 100; n++)
            {
                var path = RandomPath(random, random.Next(1, 6));
                var request = new TestRequest(path, random.Next(2) == 0 ? "GET" : "POST");
                var expected = routes.FirstOrDefault(route => Reference(route, path, request))?.Name ?? "-";
                matches += expected == "-" ? 0 : 1;
                Assert.True(expected == request.RouteOf(table), $"{path}: expected {expected}, was {request.RouteOf(table)}");
            }
        }

        Assert.InRange(matches, 5_000, 19_000);
    }

    [Fact]
    public void DeepPathsAndOtherTargetsWork()
    {
        var deep = string.Concat(Enumerable.Repeat("/s", 40));
        var routes = Enumerable.Range(1, 40).Select(i => To($"depth-{i}", new RouteMatch { Path = deep[..(2 * i)] })).ToList();
        routes.Add(To("asterisk", new RouteMatch { Path = "*" }));
        routes.Add(To("below", new RouteMatch { PathSeparatedPrefix = deep[..60] }));
        routes.Add(To("root", new RouteMatch { Path = "/" }));
        var table = Compile([.. routes]);
        for (var i = 1; i <= 40; i++)
        {
            Assert.Equal($"depth-{i}", new TestRequest(deep[..(2 * i)]).RouteOf(table));
        }

        Assert.Equal("below", new TestRequest(deep + "/s").RouteOf(table));
        Assert.Equal("asterisk", new TestRequest("*").RouteOf(table));
        Assert.Equal("root", new TestRequest("/").RouteOf(table));
        Assert.Equal("-", new TestRequest("/s/").RouteOf(table));
        Assert.Equal("-", new TestRequest("/x").RouteOf(table));
    }

    [Theory]
    [InlineData("/api/v1/orders/{0}")]
    [InlineData("/{0}")]
    [InlineData("/item-{0:0000}")]
    [InlineData("/orders-{0:0000}")]
    [InlineData("/service-{0}/api")]
    [InlineData("/{0:0000}/a/b/c")]
    [InlineData("/a-rather-long-segment-{0:000000}/x")]
    public void KeysSpreadOverTheTable(string format)
    {
        var route = Compile(To("r", new RouteMatch { Prefix = "/" })).Routes[0];
        var rules = Enumerable.Range(0, 1_000).Select(i => new RouteRule
        {
            Route = route,
            Path = new PathPattern { Kind = PathPatternKind.Exact, Literal = Encoding.ASCII.GetBytes(string.Format(format, i)) },
            Headers = [],
            Query = [],
        });
        Assert.InRange(PathIndex.Build([.. rules]).LongestProbe, 1, 32);
    }

    private static Route RandomRoute(Random random, int number)
    {
        var path = RandomPath(random, random.Next(1, 5));
        var match = random.Next(6) switch
        {
            0 => new RouteMatch { Prefix = path },
            1 => new RouteMatch { Prefix = path.EndsWith('/') ? path : path + "/" },
            2 when path.Length > 1 && !path.EndsWith('/') => new RouteMatch { PathSeparatedPrefix = path },
            3 => new RouteMatch { Path = path.ToUpperInvariant(), CaseSensitive = false },
            _ => new RouteMatch { Path = path },
        };
        if (random.Next(2) == 0)
        {
            match.Headers.Add(new HeaderMatcher { Name = ":method", ExactMatch = "POST" });
        }

        return To($"r{number}", match);
    }

    private static string RandomPath(Random random, int segments) =>
        "/" + string.Join('/', Enumerable.Range(0, segments).Select(_ => Segments[random.Next(Segments.Length)]));

    private static bool Reference(Route route, string path, TestRequest request)
    {
        if (route.Match.Headers.Count > 0 && !request.View.Head.MethodToken(request.View.Bytes).SequenceEqual("POST"u8))
        {
            return false;
        }

        return route.Match.PathSpecifierCase switch
        {
            RouteMatch.PathSpecifierOneofCase.Path => string.Equals(
                path, route.Match.Path, route.Match.CaseSensitive == false ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal),
            RouteMatch.PathSpecifierOneofCase.Prefix => path.StartsWith(route.Match.Prefix, StringComparison.Ordinal),
            _ => path == route.Match.PathSeparatedPrefix || path.StartsWith(route.Match.PathSeparatedPrefix + "/", StringComparison.Ordinal),
        };
    }
}
