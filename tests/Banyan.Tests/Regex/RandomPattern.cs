using System.Text;

namespace Banyan.Tests.RegularExpressions;

/// <summary>A random pattern in our syntax and in .NET's, and a way to draw texts that are likely to match.</summary>
internal sealed record RandomPattern(string Ours, string Theirs, Func<Random, string> Sample)
{
    private const string Alphabet = "aAbB1_-\n\xE9";

    private static readonly (string Ours, string Theirs, string Members)[] Sets =
    [
        (".", ".", "aAbB1_-\xE9"),
        (@"\d", "[0-9]", "1"),
        (@"\D", "[^0-9]", "aAbB_-\n\xE9"),
        (@"\w", "[0-9A-Za-z_]", "aAbB1_"),
        (@"\W", "[^0-9A-Za-z_]", "-\n\xE9"),
        (@"\s", "[\\t\\n\\f\\r ]", "\n"),
        ("[ab]", "[ab]", "ab"),
        ("[^ab]", "[^ab]", "AB1_-\n\xE9"),
        ("[a-b1-]", "[a-b1-]", "ab1-"),
        ("[[:alpha:]]", "[A-Za-z]", "aAbB"),
        ("[[:^alpha:]_]", "[^A-Za-z]", "1_-\n\xE9"),
        ("[[:lower:]\\d]", "[a-z0-9]", "ab1"),
        (@"\C", "[\\s\\S]", "a\n\xE9"),
    ];

    public static string RandomText(Random random, int maxLength) =>
        string.Concat(Enumerable.Range(0, random.Next(maxLength + 1)).Select(_ => Alphabet[random.Next(Alphabet.Length)]));

    public static RandomPattern Create(Random random, int depth) => random.Next(depth <= 0 ? 4 : 12) switch
    {
        0 or 1 => Literal(random),
        2 => Set(random),
        3 => random.Next(6) switch
        {
            0 => new RandomPattern("^", @"\A", _ => ""),
            1 => new RandomPattern("$", @"\z", _ => ""),
            2 => new RandomPattern("", "", _ => ""),
            _ => Literal(random),
        },
        4 or 5 or 6 => Sequence(random, depth),
        7 or 8 => Choice(random, depth),
        9 or 10 => Repeat(random, depth),
        _ => Flags(random, depth),
    };

    private static RandomPattern Literal(Random random)
    {
        var c = Alphabet[random.Next(Alphabet.Length)];
        return c switch
        {
            '\n' => new RandomPattern(@"\n", @"\n", _ => "\n"),
            '\xE9' => new RandomPattern("x", "x", _ => "x"), // a byte above 0x7F cannot be written alone
            _ => new RandomPattern(c == '-' ? @"\-" : c.ToString(), c.ToString(), _ => c.ToString()),
        };
    }

    private static RandomPattern Set(Random random)
    {
        var (ours, theirs, members) = Sets[random.Next(Sets.Length)];
        return new RandomPattern(ours, theirs, draw => members[draw.Next(members.Length)].ToString());
    }

    private static RandomPattern Sequence(Random random, int depth)
    {
        var parts = Enumerable.Range(0, random.Next(1, 4)).Select(_ => Create(random, depth - 1)).ToArray();
        return new RandomPattern(
            string.Concat(parts.Select(part => Group(random, part.Ours))),
            string.Concat(parts.Select(part => $"(?:{part.Theirs})")),
            draw => string.Concat(parts.Select(part => part.Sample(draw))));
    }

    private static RandomPattern Choice(Random random, int depth)
    {
        var branches = Enumerable.Range(0, random.Next(2, 4)).Select(_ => Create(random, depth - 1)).ToArray();
        return new RandomPattern(
            Group(random, string.Join('|', branches.Select(branch => branch.Ours))),
            $"(?:{string.Join('|', branches.Select(branch => branch.Theirs))})",
            draw => branches[draw.Next(branches.Length)].Sample(draw));
    }

    private static RandomPattern Repeat(Random random, int depth)
    {
        var body = Create(random, depth - 1);
        var min = random.Next(3);
        var max = min + random.Next(3);
        var (suffix, most) = random.Next(6) switch
        {
            0 => ("*", 4),
            1 => ("+", 4),
            2 => ("?", 1),
            3 => ($"{{{min}}}", min),
            4 => ($"{{{min},}}", min + 2),
            _ => ($"{{{min},{max}}}", max),
        };
        var least = suffix switch { "*" or "?" => 0, "+" => 1, _ => min };
        return new RandomPattern(
            Group(random, body.Ours) + suffix + (random.Next(4) == 0 ? "?" : ""),
            $"(?:{body.Theirs}){suffix}",
            draw => string.Concat(Enumerable.Range(0, draw.Next(least, most + 1)).Select(_ => body.Sample(draw))));
    }

    private static RandomPattern Flags(Random random, int depth)
    {
        var body = Create(random, depth - 1);
        var flags = random.Next(4) switch { 0 => "i", 1 => "s", 2 => "is", _ => "i-s" };
        return new RandomPattern($"(?{flags}:{body.Ours})", $"(?{flags}:{body.Theirs})", body.Sample);
    }

    private static string Group(Random random, string ours) => random.Next(2) == 0 ? $"({ours})" : $"(?:{ours})";

    /// <summary>A sample, sometimes with a mistake.</summary>
    public string Text(Random random)
    {
        var text = new StringBuilder(Sample(random));
        if (random.Next(3) == 0 && text.Length > 0)
        {
            text[random.Next(text.Length)] = Alphabet[random.Next(Alphabet.Length)];
        }

        if (random.Next(6) == 0)
        {
            text.Insert(random.Next(text.Length + 1), Alphabet[random.Next(Alphabet.Length)]);
        }

        return text.ToString();
    }
}
