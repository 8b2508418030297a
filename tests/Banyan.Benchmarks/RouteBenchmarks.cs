using System.Globalization;
using System.Text;
using Banyan.Rules;
using Banyan.Wire.Http1;
using Banyan.Xds;
using BenchmarkDotNet.Attributes;

namespace Banyan.Benchmarks;

/// <summary>Finding the route of a request: the last but one of so many of one sort, before a default route.</summary>
public class RouteBenchmarks
{
    private readonly RequestHead _head = new();
    private byte[] _bytes = [];
    private RouteTable _table = null!;

    /// <summary>Routes in the table.</summary>
    [Params(10, 100, 1000)]
    public int Routes { get; set; }

    /// <summary>What the routes look at.</summary>
    [Params("exact", "prefix", "regex", "header")]
    public string Kind { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        var host = new VirtualHost { Name = "all", Domains = { "*" } };
        for (var i = 0; i < Routes; i++)
        {
            host.Routes.Add(new Route { Name = Text(i), Match = Match(i), Route_ = new RouteAction { Cluster = "shop" } });
        }

        host.Routes.Add(new Route { Match = new RouteMatch { Prefix = "/" }, Route_ = new RouteAction { Cluster = "rest" } });
        if (!RouteTable.TryCompile(new RouteConfiguration { Name = "shop", VirtualHosts = { host } }, out var table, out var error))
        {
            throw new InvalidOperationException(error);
        }

        _table = table;
        _bytes = Encoding.Latin1.GetBytes($"GET {Path(Routes - 1)} HTTP/1.1\r\nHost: shop\r\nAccept: */*\r\nx-tenant: {Text(Routes - 1)}\r\n\r\n");
        if (RequestParser.Parse(_bytes, _head) != ParseStatus.Complete || Find() is not { } found || found.Name != Text(Routes - 1))
        {
            throw new InvalidOperationException("the request does not reach its route");
        }
    }

    [Benchmark]
    public CompiledRoute? Find() => _table.Match(new RequestView
    {
        Head = _head,
        Bytes = _bytes,
        Authority = _head.Authority(_bytes),
        Path = _head.Path(_bytes),
        Query = [],
    });

    private static string Text(int i) => i.ToString(CultureInfo.InvariantCulture);

    private static string Path(int i) => string.Create(CultureInfo.InvariantCulture, $"/api/items-{i}/details/42");

    private RouteMatch Match(int i) => Kind switch
    {
        "exact" => new RouteMatch { Path = Path(i) },
        "prefix" => new RouteMatch { PathSeparatedPrefix = string.Create(CultureInfo.InvariantCulture, $"/api/items-{i}") },
        "regex" => new RouteMatch
        {
            SafeRegex = new RegexMatcher { Regex = string.Create(CultureInfo.InvariantCulture, $"/api/items-{i}/[a-z]+/[0-9]+") },
        },
        _ => new RouteMatch
        {
            Prefix = "/",
            Headers = { new HeaderMatcher { Name = "x-tenant", StringMatch = new StringMatcher { Exact = Text(i) } } },
        },
    };
}
