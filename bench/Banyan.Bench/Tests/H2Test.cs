using Banyan.Bench.Load;

namespace Banyan.Bench.Tests;

/// <summary>Requests of HTTP/2 without a body, small answers.</summary>
internal sealed class H2Test() : MultiplexedTest(Protocol.Http2, body: 131)
{
    public override string Name => "h2";
}
