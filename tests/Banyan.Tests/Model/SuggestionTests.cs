using Banyan.Model.Text;
using Xunit;

namespace Banyan.Tests.Model;

public sealed class SuggestionTests
{
    [Theory]
    [InlineData("", "", 0)]
    [InlineData("abc", "abc", 0)]
    [InlineData("abc", "abd", 1)]
    [InlineData("abc", "acb", 1)]
    [InlineData("abc", "ab", 1)]
    [InlineData("abc", "xabc", 1)]
    [InlineData("kitten", "sitting", 3)]
    public void DistanceCountsEdits(string a, string b, int expected)
    {
        Assert.Equal(expected, Suggestion.Distance(a, b));
        Assert.Equal(expected, Suggestion.Distance(b, a));
    }

    [Theory]
    [InlineData("prots", "ports")]
    [InlineData("PORTS", "ports")]
    [InlineData("servce", "service")]
    [InlineData("tgt", null)]
    [InlineData("completely", null)]
    public void OnlyNearWordsAreSuggested(string given, string? expected) =>
        Assert.Equal(expected, Suggestion.Nearest(given, ["service", "ports", "targetPort", "run"]));
}
