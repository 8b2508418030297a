namespace Banyan.Testing.Hostile;

/// <summary>Malformed HTTP/1 as data: rule, position, bytes, expectation. The parser's tests run it on spans, the
/// functional tests over sockets with a backend that counts what it sees.</summary>
/// <remarks>Every case stands alone on a connection of its own; nothing in it depends on chance.</remarks>
public static partial class HostileCases
{
    /// <summary>The authority of every request that names one.</summary>
    public const string Host = "shop.test";

    // Lazy: the data of the other parts is initialised in no certain order.
    private static readonly Lazy<IReadOnlyList<HostileCase>> Table = new(Build);

    /// <summary>The table.</summary>
    public static IReadOnlyList<HostileCase> All => Table.Value;

    /// <summary>What a client may say wrongly.</summary>
    public static IEnumerable<HostileCase> RefusedRequests => All.Where(c => c is { Side: HostileSide.Request, Accepted: false });

    /// <summary>What a backend may answer wrongly.</summary>
    public static IEnumerable<HostileCase> RefusedResponses => All.Where(c => c is { Side: HostileSide.Response, Accepted: false });

    /// <summary>The case of that name.</summary>
    public static HostileCase Named(string name) => All.Single(c => c.Name == name);

    private static List<HostileCase> Build()
    {
        var cases = new List<HostileCase>();
        Lines(cases);
        RequestLines(cases);
        Targets(cases);
        Fields(cases);
        Hosts(cases);
        RequestFraming(cases);
        Options(cases);
        Limits(cases);
        StatusLines(cases);
        ResponseFraming(cases);
        ChunkSizes(cases);
        ChunkExtensions(cases);
        Trailers(cases);
        ValidRequests(cases);
        ValidResponses(cases);
        return cases;
    }
}
