using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace Banyan.Wire.RegularExpressions;

/// <summary>Why a pattern was refused.</summary>
/// <param name="Position">Index of the character in the pattern.</param>
/// <param name="Message">What is wrong there.</param>
public readonly record struct RegexProblem(int Position, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => $"at {Position}: {Message}";
}

/// <summary>A regular expression that is matched against the whole of a text, byte by byte, in time linear to its length.</summary>
/// <remarks>
/// The subset of RE2's syntax:
/// <list type="bullet">
/// <item>characters for themselves (others than ASCII for their UTF-8 bytes), <c>\Q...\E</c>;</item>
/// <item><c>\a \f \t \n \r \v</c>, <c>\123</c> (octal), <c>\x7F</c>, <c>\x{263A}</c>, a backslash before any ASCII character that is neither letter nor digit;</item>
/// <item><c>.</c> any byte but newline (with <c>s</c>: any), <c>\C</c> any byte;</item>
/// <item><c>[abc] [a-z] [^a-z]</c>, <c>[[:alpha:]] [[:^alpha:]]</c>, <c>\d \D \w \W \s \S</c> in and outside of brackets; ASCII only;</item>
/// <item><c>xy</c>, <c>x|y</c>, <c>(x)</c>, <c>(?:x)</c>, <c>(?P&lt;name&gt;x)</c>, <c>(?&lt;name&gt;x)</c>;</item>
/// <item><c>x* x+ x? x{n} x{n,} x{n,m}</c> up to 1000, each also lazy (<c>x*?</c>), which makes no difference here;</item>
/// <item><c>^ \A</c> start and <c>$ \z</c> end of the text;</item>
/// <item>flags <c>i s U</c>: <c>(?i)</c> up to the end of the group, <c>(?i:x)</c>, <c>(?-i)</c>; case is that of ASCII.</item>
/// </list>
/// Refused: back-references and look-around (as in RE2), and RE2's <c>\b \B</c>, <c>\p{...}</c> and flag <c>m</c>. Where RE2
/// counts a character for <c>.</c> or a negated class, this counts a byte. Immutable; safe to share between threads.
/// </remarks>
public sealed class LinearRegex
{
    /// <summary>Longest pattern, in characters.</summary>
    public const int MaxLength = 8_192;

    /// <summary>Largest automaton; bounds memory and the time for one byte of text.</summary>
    public const int MaxInstructions = 10_000;

    // As many matchers as threads can use at once; each thread finds its own, warm one first.
    private readonly LinearMatcher?[] _idle = new LinearMatcher?[BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(Environment.ProcessorCount, 4, 64))];

    private LinearRegex(string pattern, RegexProgram program)
    {
        Pattern = pattern;
        Program = program;
    }

    /// <summary>The pattern as written.</summary>
    public string Pattern { get; }

    /// <summary>Size of the automaton.</summary>
    public int InstructionCount => Program.Instructions.Length;

    internal RegexProgram Program { get; }

    /// <summary>Compiles, or says what is wrong and where.</summary>
    public static bool TryCompile(string pattern, [NotNullWhen(true)] out LinearRegex? regex, out RegexProblem problem)
    {
        regex = null;
        if (pattern.Length > MaxLength)
        {
            problem = new RegexProblem(MaxLength, $"longer than {MaxLength} characters");
            return false;
        }

        var node = new RegexParser(pattern).Parse(out problem);
        if (node is null)
        {
            return false;
        }

        if (node.Size >= MaxInstructions)
        {
            problem = new RegexProblem(0, $"too large: more than {MaxInstructions} steps when its repetitions are written out");
            return false;
        }

        regex = new LinearRegex(pattern, RegexCompiler.Compile(node));
        return true;
    }

    /// <summary>A matcher of its own for one thread.</summary>
    public LinearMatcher CreateMatcher() => new(Program);

    /// <summary>Says whether the whole text matches. Any thread may call; nothing is allocated once every thread has matched before.</summary>
    public bool IsFullMatch(ReadOnlySpan<byte> text)
    {
        var matcher = Rent();
        var matches = matcher.IsFullMatch(text);
        Return(matcher);
        return matches;
    }

    private LinearMatcher Rent()
    {
        var first = Environment.CurrentManagedThreadId;
        for (var i = 0; i < _idle.Length; i++)
        {
            ref var slot = ref _idle[(first + i) & (_idle.Length - 1)];
            if (slot is not null && Interlocked.Exchange(ref slot, null) is { } matcher)
            {
                return matcher;
            }
        }

        return CreateMatcher();
    }

    private void Return(LinearMatcher matcher)
    {
        var first = Environment.CurrentManagedThreadId;
        for (var i = 0; i < _idle.Length; i++)
        {
            ref var slot = ref _idle[(first + i) & (_idle.Length - 1)];
            if (slot is null && Interlocked.CompareExchange(ref slot, matcher, null) is null)
            {
                return;
            }
        }
    }
}
