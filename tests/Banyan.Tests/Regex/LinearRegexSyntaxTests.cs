using System.Text;
using Banyan.Wire.RegularExpressions;
using Xunit;

namespace Banyan.Tests.RegularExpressions;

public sealed class LinearRegexSyntaxTests
{
    [Theory]
    [InlineData("", "", "a")]
    [InlineData("abc", "abc", "ab abcd xabc ABC")]
    [InlineData("a|b|", "a b ", "ab c")]
    [InlineData("a|bc|d", "a bc d", "b abc ad")]
    [InlineData("(a|b)c", "ac bc", "c ab abc")]
    [InlineData("(?:a|b)*c", "c ac abbac", "ab abcd")]
    [InlineData("(?P<x>a)(?<y_1>b)", "ab", "a")]
    [InlineData("()", "", "a")]
    [InlineData("(|a)*", " a aaa", "b")]
    [InlineData("a*", " a aaaa", "b ab")]
    [InlineData("a+", "a aa", " b")]
    [InlineData("a?b", "b ab", "aab a")]
    [InlineData("a*?b+?c??", "b aabbc", "a c")]
    [InlineData("a{3}", "aaa", "aa aaaa")]
    [InlineData("a{2,}", "aa aaaaa", "a")]
    [InlineData("a{2,4}?", "aa aaa aaaa", "a aaaaa")]
    [InlineData("a{0}b", "b", "ab")]
    [InlineData("a{0,2}", " a aa", "aaa")]
    [InlineData("(ab){2}", "abab", "ab ababab")]
    [InlineData("a{,2}", "a{,2}", "a aa")]
    [InlineData("a{x}", "a{x}", "a")]
    [InlineData("{", "{", "")]
    [InlineData("a{1", "a{1", "a")]
    [InlineData("}]", "}]", "")]
    [InlineData(".", "a \x7F \x80 \xFF", " \n ab")]
    [InlineData("(?s).", "a \n", "")]
    [InlineData("a(?s:.)(?-s:.)", "a\nb", "ab\n")]
    [InlineData(@"\C", "a \n \xFF", "")]
    [InlineData("[abc]", "a b c", "d ab")]
    [InlineData("[^abc]", "d \n \xFF", "a b")]
    [InlineData("[a-cx-z]", "a b c x z", "d w")]
    [InlineData("[]a]", "] a", "b")]
    [InlineData("[^]a]", "b", "] a")]
    [InlineData("[a-]", "a -", "b")]
    [InlineData("[-a]", "a -", "b")]
    [InlineData(@"[\]\\\-^]", "] \\ - ^", "a")]
    [InlineData("[a^]", "a ^", "b")]
    [InlineData(@"[\d_]+", "1_2", "a")]
    [InlineData(@"[^\d]", "a _", "1")]
    [InlineData(@"[\x41-\x43\n]", "A C \n", "D n")]
    [InlineData("[[:alpha:]]+", "aZ", "1 a1")]
    [InlineData("[[:^alpha:]]", "1 -", "a")]
    [InlineData("[^[:alpha:]0]", "1 -", "a 0")]
    [InlineData("[[:xdigit:][:punct:]]+", "aF0!", "g")]
    [InlineData("[[:word:]]", "_", "-")]
    [InlineData("[[:space:]]", "\v", "a")]
    [InlineData(@"\d+\D", "12a", "12")]
    [InlineData(@"\w+\W", "aZ_9-", "a-b")]
    [InlineData(@"\s\S", "\ta \nb", "\va")]
    [InlineData(@"\.\*\/\-\_\%", ".*/-_%", "a*/-_%")]
    [InlineData(@"\a\f\t\n\r\v", "\a\f\t\n\r\v", "")]
    [InlineData(@"\x41\x{42}\103\07", "ABC\a", "")]
    [InlineData(@"\Q.*[\E+", ".*[ .*[[", ".* a")]
    [InlineData(@"a\Qb.c", "ab.c", "abxc")]
    [InlineData("^a$", "a", "ab")]
    [InlineData(@"\Aa\z", "a", "a\n")]
    [InlineData("a^b", null, "ab b a")]
    [InlineData("a$b", null, "ab a")]
    [InlineData("(^a|b)*", " a ab abb b", "aa ba")]
    [InlineData("(a$|b)*", " a ba bb", "ab")]
    [InlineData("$^", "", "a")]
    [InlineData("^*a", "a", "aa")]
    [InlineData("(?i)aBc1", "abc1 ABC1", "abd1")]
    [InlineData("a(?i)b", "ab aB", "Ab AB")]
    [InlineData("a(?i)b|c", "ab aB c C", "A")]
    [InlineData("(?i:a)b", "ab Ab", "aB")]
    [InlineData("(?i)a(?-i)b", "ab Ab", "aB")]
    [InlineData("((?i)a)b", "ab Ab", "aB")]
    [InlineData("(?i)[a-c]+", "aBC", "d")]
    [InlineData("(?i)[^a]", "b", "a A")]
    [InlineData("(?i)[^[:upper:]]", "1", "a A")]
    [InlineData("(?U)a+", "a aa", "")]
    [InlineData("(?is)a.", "A\n", "")]
    [InlineData("/api/v[0-9]+/items/[^/]+", "/api/v12/items/x-1", "/api/v/items/x /api/v1/items/a/b")]
    public void Accepted(string pattern, string? matching, string others)
    {
        var regex = Compile(pattern);
        foreach (var text in matching?.Split(' ') ?? [])
        {
            Assert.True(Matches(regex, text), $"'{pattern}' should match '{text}'");
        }

        foreach (var text in others.Split(' ').Where(text => text.Length > 0))
        {
            Assert.False(Matches(regex, text), $"'{pattern}' should not match '{text}'");
        }
    }

    [Theory]
    [InlineData("a(b", 1, "'(' without ')'")]
    [InlineData("(?:a", 0, "'(' without ')'")]
    [InlineData("(?i", 0, "'(' without ')'")]
    [InlineData("a)b", 1, "')' without '('")]
    [InlineData("a[b", 1, "'[' without ']'")]
    [InlineData("[]", 0, "'[' without ']'")]
    [InlineData("[a-", 0, "'[' without ']'")]
    [InlineData("*a", 0, "nothing to repeat before '*'")]
    [InlineData("a|+", 2, "nothing to repeat before '+'")]
    [InlineData("(?i)*", 4, "nothing to repeat before '*'")]
    [InlineData("a**", 1, "bad repetition operator '**'")]
    [InlineData("a*+", 1, "bad repetition operator '*+'")]
    [InlineData("a+?*", 1, "bad repetition operator '+?*'")]
    [InlineData("a{2}{3}", 1, "bad repetition operator '{2}{'")]
    [InlineData("a{1001}", 1, "repeat count above 1000")]
    [InlineData("a{1,99999999999999}", 1, "repeat count above 1000")]
    [InlineData("a{3,2}", 1, "the first number is above the second")]
    [InlineData("x(a{1000}){11}", 1, "too large")]
    [InlineData("((((a{1000}){1000}){1000}){1000}){1000}", 3, "too large")]
    [InlineData("ab\\", 2, "'\\' at the end")]
    [InlineData(@"a\1", 1, "back-references are not supported")]
    [InlineData(@"(a)\2b", 3, "back-references are not supported")]
    [InlineData(@"a\9", 1, "back-references are not supported")]
    [InlineData("(?=a)", 0, "look-around is not supported")]
    [InlineData("(?!a)", 0, "look-around is not supported")]
    [InlineData("(?<=a)", 0, "look-around is not supported")]
    [InlineData("(?<!a)", 0, "look-around is not supported")]
    [InlineData("(?m)a", 2, "the flag m is not supported")]
    [InlineData("(?x)a", 2, "unknown group '(?x'")]
    [InlineData("(?)", 2, "unknown group '(?)'")]
    [InlineData("(?i-)", 4, "unknown group '(?)'")]
    [InlineData("(?P<a-b>x)", 2, "bad group name")]
    [InlineData("(?<>x)", 2, "bad group name")]
    [InlineData("(?P<x", 2, "bad group name")]
    [InlineData(@"\bx", 0, "word boundaries are not supported")]
    [InlineData(@"[\b]", 1, "word boundaries are not supported")]
    [InlineData(@"x\pL", 1, "Unicode classes are not supported")]
    [InlineData(@"[\p{Greek}]", 1, "Unicode classes are not supported")]
    [InlineData(@"\q", 0, @"unknown escape '\q'")]
    [InlineData(@"\Z", 0, @"unknown escape '\Z'")]
    [InlineData(@"\é", 0, @"unknown escape '\é'")]
    [InlineData(@"\x4", 0, "two hexadecimal digits")]
    [InlineData(@"\x{}", 0, "two hexadecimal digits")]
    [InlineData(@"\x{110000}", 0, "two hexadecimal digits")]
    [InlineData(@"\x{D800}", 0, "two hexadecimal digits")]
    [InlineData(@"\x{41", 0, "two hexadecimal digits")]
    [InlineData("[z-a]", 1, "bad range 'z-a'")]
    [InlineData(@"[a-\d]", 1, @"bad range 'a-\d'")]
    [InlineData("[a-[:alpha:]]", 1, "bad range")]
    [InlineData("[[:foo:]]", 1, "unknown class name")]
    [InlineData("[[:alpha]]", 1, "unknown class name")]
    [InlineData("[aé]", 2, "only ASCII characters can stand in a class")]
    [InlineData(@"[\x{e9}]", 1, "only ASCII characters can stand in a class")]
    public void Refused(string pattern, int position, string message)
    {
        Assert.False(LinearRegex.TryCompile(pattern, out var regex, out var problem));
        Assert.Null(regex);
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
        Assert.Equal(position, problem.Position);
        Assert.StartsWith($"at {position}: ", problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void OtherCharactersThanAsciiStandForTheirUtf8Bytes()
    {
        var regex = Compile("é+|\U0001F333\\x{e9}");
        Assert.True(regex.IsFullMatch("é"u8));
        Assert.True(regex.IsFullMatch("éé"u8)); // the repetition is of both bytes
        Assert.True(regex.IsFullMatch("\U0001F333é"u8));
        Assert.False(regex.IsFullMatch([0xC3]));
        Assert.False(regex.IsFullMatch("é\xA9"u8));
        Assert.True(Compile("..").IsFullMatch("é"u8)); // a dot is a byte
    }

    [Fact]
    public void HalfASurrogatePairIsRefused()
    {
        Assert.False(LinearRegex.TryCompile("a\uD800b", out _, out var problem));
        Assert.Equal(new RegexProblem(1, "half a surrogate pair"), problem);
    }

    [Fact]
    public void SizesAreBounded()
    {
        Assert.False(LinearRegex.TryCompile(new string('a', LinearRegex.MaxLength + 1), out _, out var problem));
        Assert.Equal("longer than 8192 characters", problem.Message);
        Compile(new string('a', LinearRegex.MaxLength));
        Assert.Equal(LinearRegex.MaxInstructions, Compile("(a{999}){10}a{9}").InstructionCount);
        Assert.False(LinearRegex.TryCompile("(a{999}){10}a{10}", out _, out problem));
        Assert.Equal("too large: more than 10000 steps when its repetitions are written out", problem.Message);
        Assert.False(LinearRegex.TryCompile(string.Concat(Enumerable.Repeat("(", 200)) + string.Concat(Enumerable.Repeat(")", 200)), out _, out problem));
        Assert.Equal((100, "groups nested deeper than 100"), (problem.Position, problem.Message));
        Assert.Equal(1, Compile("((){1000}){1000}").InstructionCount); // repeating nothing costs nothing
    }

    private static LinearRegex Compile(string pattern)
    {
        Assert.True(LinearRegex.TryCompile(pattern, out var regex, out var problem), problem.ToString());
        Assert.Equal(pattern, regex.Pattern);
        return regex;
    }

    private static bool Matches(LinearRegex regex, string text) => regex.IsFullMatch(Encoding.Latin1.GetBytes(text));
}
