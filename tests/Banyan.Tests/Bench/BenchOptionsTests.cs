using Banyan.Bench;
using Xunit;

namespace Banyan.Tests.Bench;

/// <summary>What the command line of the measurements takes, and what it refuses to ignore.</summary>
public sealed class BenchOptionsTests
{
    [Theory]
    [InlineData("--connections")]
    [InlineData("--streams")]
    [InlineData("--body")]
    public void AQuickRunHasNoOtherParameters(string option)
    {
        Assert.Equal("h2", Options.Parse(["h2", option, "1"]).Test);
        var failure = Assert.Throws<BenchFailure>(() => Options.Parse(["h2", option, "1", "--quick"]));
        Assert.Contains(option, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SeveralNumbersAreASet()
    {
        var options = Options.Parse(["grpc", "--streams=1,100", "--connections", "10"]);
        Assert.Equal([1, 100], options.Streams.Order());
        Assert.Equal([10], options.Connections);
    }
}
