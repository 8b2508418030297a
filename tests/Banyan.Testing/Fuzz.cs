using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Banyan.Testing;

/// <summary>Runs a property on random inputs until the time is up. A failure names the seed that shows it again, and for
/// bytes the smallest input that was found.</summary>
/// <remarks>
/// The seeds are the same each time, so that a change is judged by itself. <c>BANYAN_FUZZ_SEED=random</c> looks for new faults,
/// <c>BANYAN_FUZZ_SEED=N</c> runs that one seed; <c>BANYAN_FUZZ_SECONDS=N</c> changes the time of 6 s, with which all of them take a minute.
/// </remarks>
public static class Fuzz
{
    private const int FirstSeed = 1;

    private static readonly int? Seed = Number("BANYAN_FUZZ_SEED");
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(Number("BANYAN_FUZZ_SECONDS") ?? 6);

    /// <summary>Runs <paramref name="round"/>, which throws when the property does not hold, with one seed after the other.</summary>
    /// <param name="write">Told the seeds and how many there were.</param>
    /// <param name="round">One round; all its chance comes from the argument.</param>
    public static void Run(Action<string> write, Action<Random> round) =>
        RunAsync(write, random =>
        {
            round(random);
            return Task.CompletedTask;
        }).GetAwaiter().GetResult();

    /// <inheritdoc cref="Run(Action{string}, Action{Random})"/>
    public static async Task RunAsync(Action<string> write, Func<Random, Task> round)
    {
        var first = Seed ?? (Environment.GetEnvironmentVariable("BANYAN_FUZZ_SEED") == "random" ? Random.Shared.Next() : FirstSeed);
        var clock = Stopwatch.StartNew();
        var rounds = 0;
        do
        {
            var seed = unchecked(first + rounds);
            try
            {
                await round(new Random(seed));
            }
            catch (Exception error)
            {
                throw new InvalidDataException(
                    string.Create(CultureInfo.InvariantCulture, $"BANYAN_FUZZ_SEED={seed} shows it again: {error.Message}"), error);
            }

            rounds++;
        }
        while (Seed is null && clock.Elapsed < Time);

        write(string.Create(CultureInfo.InvariantCulture, $"{rounds} rounds from seed {first}"));
    }

    /// <summary>Runs a property of bytes.</summary>
    /// <param name="write">Told the seeds and how many there were.</param>
    /// <param name="make">Makes an input.</param>
    /// <param name="problem">What is wrong with it, null when nothing is; depends on the bytes alone.</param>
    public static void Bytes(Action<string> write, Func<Random, byte[]> make, Func<byte[], string?> problem) =>
        Run(write, random =>
        {
            var bytes = make(random);
            if (problem(bytes) is not null)
            {
                var least = Shrink(bytes, problem);
                throw new InvalidDataException($"{problem(least)}\nfor {Convert.ToHexString(least)}\n{Encoding.Latin1.GetString(least)}");
            }
        });

    /// <summary>Takes away what is not needed for the problem.</summary>
    public static byte[] Shrink(byte[] bytes, Func<byte[], string?> problem)
    {
        for (var size = Math.Max(1, bytes.Length / 2); size > 0; size /= 2)
        {
            for (var at = 0; at + size <= bytes.Length;)
            {
                byte[] shorter = [.. bytes.AsSpan(0, at), .. bytes.AsSpan(at + size)];
                if (problem(shorter) is null)
                {
                    at += size;
                }
                else
                {
                    bytes = shorter;
                }
            }
        }

        return bytes;
    }

    private static int? Number(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text and not "random" ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}
