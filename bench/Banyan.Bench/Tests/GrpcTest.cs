using Banyan.Bench.Load;

namespace Banyan.Bench.Tests;

/// <summary>Unary calls of gRPC with messages of 100 bytes.</summary>
internal sealed class GrpcTest() : MultiplexedTest(Protocol.Grpc, body: 100)
{
    public override string Name => "grpc";
}
