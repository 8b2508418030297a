namespace Banyan.Bench.Load;

/// <summary>
/// One parameter set of a closed loop: connections, each with so many requests under way, and the size of the answers.
/// </summary>
/// <param name="Protocol">What is spoken.</param>
/// <param name="Connections">Connections from the load generator to the proxy.</param>
/// <param name="Streams">Requests that are under way on each of them; always 1 for HTTP/1.1 and TCP.</param>
/// <param name="Body">
/// Bytes of the body of each answer; for gRPC of the message in it, and of that in the request; for TCP of what goes each way.
/// </param>
internal sealed record LoadShape(Protocol Protocol, int Connections, int Streams, int Body)
{
    // From here on bytes are what costs, not their number of portions.
    private const int LeastBulk = 10_000;

    /// <summary>Messages in an answer of gRPC.</summary>
    public int Messages { get; init; } = 1;

    /// <summary>Each exchange has a connection of its own.</summary>
    public bool IsChurn { get; init; }

    /// <summary>What each request begins with, where that is what is measured.</summary>
    public string? Handshake { get; init; }

    /// <summary>What a cost is for.</summary>
    public string Per => Protocol switch
    {
        Protocol.Tcp when IsChurn => "connection",
        Protocol.Tcp => IsBulk ? "MB" : "round trip",
        _ => Handshake ?? (Messages > 1 ? "message" : "request"),
    };

    /// <summary>How many of those an exchange is.</summary>
    public double Parts => Protocol == Protocol.Tcp ? IsBulk ? 2 * Body / 1e6 : 1 : Messages;

    private bool IsBulk => Body >= LeastBulk;

    /// <summary>A path that the routes of the mesh match late, and whose answer has a body of the size.</summary>
    public string Path => $"/reviews/v1/items/{Body}";

    /// <summary>Bytes of the body of an answer as it is sent.</summary>
    public int AnswerBytes => Protocol == Protocol.Grpc ? Messages * (GrpcMessage.PrefixBytes + Body) : Body;

    /// <summary>Bytes of the message in a gRPC request: none asks for a stream of answers.</summary>
    public int AskedBytes => Messages > 1 ? 0 : Body;

    /// <summary>Nothing is ever under way but one request.</summary>
    public bool IsOneAtATime => Connections * Streams == 1;

    public string Describe() => Protocol switch
    {
        Protocol.Http1 => $"{Connected}, bodies of {Body} bytes",
        Protocol.Tcp => $"{Connected}, {Body} bytes each way{(IsChurn ? ", then the next connection" : "")}",
        Protocol.Grpc => $"{Connections} x {Streams} streams, {(Messages > 1 ? $"{Messages} " : "")}messages of {Body} bytes",
        _ => $"{Connections} x {Streams} streams, bodies of {Body} bytes",
    };

    /// <summary>Loads that address as much as it takes; an answer that is not what it should be fails the measurement.</summary>
    /// <param name="meanwhile">Done while the load lasts.</param>
    public LoadResult Run(BenchRun run, string url, int seconds, Action? meanwhile = null) => Protocol switch
    {
        Protocol.Http1 => Wrk.Run(run, url + Path, Connections, seconds, meanwhile),
        Protocol.Tcp => TcpLoad.Run(run, url, this, seconds, meanwhile),
        _ => H2Load.Run(run, url + Path, this, seconds, meanwhile),
    };

    private string Connected => $"{Connections} connection{(Connections == 1 ? "" : "s")}";
}
