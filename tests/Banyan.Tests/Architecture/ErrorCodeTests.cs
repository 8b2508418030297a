using Banyan.Proxy;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Architecture;

/// <summary>docs/reference/errors.md is the table of failures, row by row.</summary>
public sealed class ErrorCodeTests
{
    [Fact]
    public void EveryFailureIsDocumentedAsItIs()
    {
        var expected = Enum.GetValues<Failure>()
            .Where(failure => failure != Failure.None)
            .Select(failure => failure.Row())
            .Select(row => $"| `{row.Code}` | {row.Status} | `{row.ProxyStatus}` | {(row.Retryable ? "yes" : "")} | {row.Message} |");
        var documented = File.ReadAllLines(Repository.File("docs", "reference", "errors.md"))
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal));
        Assert.Equal(expected, documented);
    }
}
