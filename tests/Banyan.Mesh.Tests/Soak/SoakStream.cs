namespace Banyan.Mesh.Tests.Soak;

/// <summary>How fast somebody reads and writes: in portions, with a pause behind each.</summary>
internal sealed record SoakPace(int Portion, TimeSpan Pause)
{
    /// <summary>One in twenty is slow.</summary>
    public static SoakPace Of(Random random) => random.Next(20) == 0
        ? new SoakPace(random.Next(1, 8_000), TimeSpan.FromMilliseconds(random.Next(1, 10)))
        : new SoakPace(random.Next(4_000, 70_000), TimeSpan.Zero);

    /// <summary>At most so many portions, or the slow take all day.</summary>
    public SoakPace For(long bytes) => this with { Portion = (int)Math.Max(Portion, bytes / 64) };

    public Task PauseAsync(CancellationToken stop) =>
        Pause > TimeSpan.Zero ? Task.Delay(Pause, TimeProvider.System, stop) : Task.CompletedTask;
}

/// <summary>Bodies of a soak.</summary>
internal static class SoakStream
{
    /// <summary>Number of the bytes from the client.</summary>
    public static long Upload(long id) => 2 * id;

    /// <summary>Number of the bytes to the client.</summary>
    public static long Download(long id) => (2 * id) + 1;

    /// <summary>Small as a rule, sometimes a few megabytes.</summary>
    public static int Size(Random random) => (int)Math.Exp(random.NextDouble() * Math.Log(3_000_000)) - 1;

    public static async Task WriteAsync(Stream output, long number, long size, SoakPace pace, CancellationToken stop)
    {
        var buffer = new byte[pace.For(size).Portion];
        for (long at = 0; at < size;)
        {
            var portion = buffer.AsMemory(0, (int)Math.Min(buffer.Length, size - at));
            SoakBytes.Fill(portion.Span, number, at);
            await output.WriteAsync(portion, stop);
            at += portion.Length;
            await pace.PauseAsync(stop);
        }
    }

    /// <summary>Reads to the end, which must be where it belongs.</summary>
    /// <param name="framed">The protocol tells a whole body from one that was cut off: such an end must not look like one in order.</param>
    public static async Task CheckAsync(
        Stream input, long number, long size, SoakPace pace, string what, CancellationToken stop, bool framed = true)
    {
        var buffer = new byte[pace.For(size).Portion];
        long at = 0;
        for (var count = await input.ReadAsync(buffer, stop); count > 0; count = await input.ReadAsync(buffer, stop))
        {
            SoakBytes.Check(buffer.AsSpan(0, count), number, at, what);
            at += count;
            await pace.PauseAsync(stop);
        }

        if (at < size && !framed)
        {
            throw new EndOfStreamException($"{what}: ended after {at} of {size} bytes");
        }

        if (at != size)
        {
            throw new WrongByteException($"{what}: ended in order after {at} of {size} bytes");
        }
    }
}
