using Banyan.Xds.Grpc;

namespace Banyan.Control.Identity;

/// <summary>Why no certificate is issued: a value, like every expected failure.</summary>
/// <param name="Reason">One word of the table in docs/reference/identity.md; counted by it.</param>
/// <param name="Status">What gRPC says of it.</param>
/// <param name="Message">What is wrong and what to do, for whoever runs the proxy. Nothing secret.</param>
internal sealed record Refusal(string Reason, GrpcStatusCode Status, string Message)
{
    /// <summary>The request for a certificate is wrong.</summary>
    public static Refusal BadRequest(string reason, string message) =>
        new(reason, GrpcStatusCode.InvalidArgument, message);

    /// <summary>The proof does not prove anything.</summary>
    public static Refusal BadProof(string reason, string message) =>
        new(reason, GrpcStatusCode.Unauthenticated, message);

    /// <summary>Nothing can be issued now.</summary>
    public static Refusal NotReady(string message) =>
        new("not-ready", GrpcStatusCode.FailedPrecondition, message);
}
