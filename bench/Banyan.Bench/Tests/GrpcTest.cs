using Banyan.Bench.Load;

namespace Banyan.Bench.Tests;

/// <summary>Calls of gRPC with messages of 100 bytes: unary, and with an answer that streams.</summary>
internal sealed class GrpcTest() : MultiplexedTest(Protocol.Grpc, body: 100)
{
    public override string Name => "grpc";

    protected override LoadShape[] More => [Gated with { Messages = GrpcMessage.Streamed }];
}
