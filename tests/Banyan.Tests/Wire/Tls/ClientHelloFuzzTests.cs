using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Wire.Tls;

/// <summary>Damaged ClientHello messages: never an exception, and the same result however they come.</summary>
[Trait("Category", "Fuzz")]
public sealed class ClientHelloFuzzTests(ITestOutputHelper output)
{
    private static readonly byte[][] Corpus =
    [
        TlsHello.For("a.test"),
        TlsHello.For(""),
        TlsHello.For("a.test", recordSize: 40),
        TlsHello.For("a.test", recordSize: 1),
        TlsHello.For("name.with.many.labels.test", padding: 200),
    ];

    [Fact]
    public void ADamagedMessageDoesNotDependOnTheSplit() => Fuzz.Bytes(
        output.WriteLine, random => Mutate.Bytes(random, Corpus[random.Next(Corpus.Length)]), HelloText.SplitProblem);
}
