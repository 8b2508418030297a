namespace Banyan.Bench.Load;

/// <summary>
/// One parameter set of a closed loop: connections, each with so many requests under way, and the size of the answers.
/// </summary>
/// <param name="Protocol">What is spoken.</param>
/// <param name="Connections">Connections from the load generator to the proxy.</param>
/// <param name="Streams">Requests that are under way on each of them; always 1 for HTTP/1.1.</param>
/// <param name="Body">Bytes of the body of each answer; for gRPC of the message in it, and of that in the request.</param>
internal sealed record LoadShape(Protocol Protocol, int Connections, int Streams, int Body)
{
    /// <summary>A path that the routes of the mesh match late, and whose answer has a body of the size.</summary>
    public string Path => $"/reviews/v1/items/{Body}";

    /// <summary>Bytes of the body of an answer as it is sent.</summary>
    public int AnswerBytes => Protocol == Protocol.Grpc ? GrpcMessage.PrefixBytes + Body : Body;

    /// <summary>Nothing is ever under way but one request.</summary>
    public bool IsOneAtATime => Connections * Streams == 1;

    public string Describe() => Protocol == Protocol.Http1
        ? $"{Connections} connection{(Connections == 1 ? "" : "s")}, bodies of {Body} bytes"
        : $"{Connections} x {Streams} streams, {(Protocol == Protocol.Grpc ? "messages" : "bodies")} of {Body} bytes";

    /// <summary>Loads that address as much as it takes; an answer that is not what it should be fails the measurement.</summary>
    /// <param name="meanwhile">Done while the load lasts.</param>
    public LoadResult Run(BenchRun run, string url, int seconds, Action? meanwhile = null) => Protocol == Protocol.Http1
        ? Wrk.Run(run, url + Path, Connections, seconds, meanwhile)
        : H2Load.Run(run, url + Path, this, seconds, meanwhile);
}
