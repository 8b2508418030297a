using System.Diagnostics;

namespace Banyan.Testing;

/// <summary>Waits for a condition with a generous deadline, instead of sleeping and hoping.</summary>
public static class Eventually
{
    /// <summary>Long enough for a loaded machine; a test that passes never waits this long.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    /// <summary>Returns when <paramref name="condition"/> is true; fails with <paramref name="what"/> at the deadline.</summary>
    public static Task TrueAsync(Func<bool> condition, string what, TimeSpan? deadline = null) =>
        TrueAsync(() => Task.FromResult(condition()), what, deadline);

    /// <inheritdoc cref="TrueAsync(Func{bool}, string, TimeSpan?)"/>
    public static Task TrueAsync(Func<Task<bool>> condition, string what, TimeSpan? deadline = null) =>
        GetAsync(condition, static holds => holds, what, deadline);

    /// <summary>
    /// Asks until the answer is the wanted one and returns it. An exception of <paramref name="ask"/> counts as
    /// "not yet"; the last one travels in the failure.
    /// </summary>
    public static async Task<T> GetAsync<T>(Func<Task<T>> ask, Func<T, bool> wanted, string what, TimeSpan? deadline = null)
    {
        var limit = deadline ?? Deadline;
        var clock = Stopwatch.StartNew();
        Exception? failure;
        string last;
        do
        {
            try
            {
                var answer = await ask();
                if (wanted(answer))
                {
                    return answer;
                }

                failure = null;
                last = $"last answer: {answer}";
            }
            catch (Exception error)
            {
                failure = error;
                last = $"last error: {error.Message}";
            }

            await Task.Delay(Pause, TimeProvider.System);
        }
        while (clock.Elapsed < limit);

        throw new TimeoutException($"not within {limit.TotalSeconds} s: {what} ({last})", failure);
    }

    /// <summary>Awaits <paramref name="task"/>, or fails with <paramref name="what"/> at the deadline.</summary>
    public static async Task<T> WithinAsync<T>(Task<T> task, string what, TimeSpan? deadline = null)
    {
        var limit = deadline ?? Deadline;
        try
        {
            return await task.WaitAsync(limit);
        }
        catch (TimeoutException error)
        {
            throw new TimeoutException($"not within {limit.TotalSeconds} s: {what}", error);
        }
    }

    /// <inheritdoc cref="WithinAsync{T}"/>
    public static async Task WithinAsync(Task task, string what, TimeSpan? deadline = null)
    {
        var limit = deadline ?? Deadline;
        try
        {
            await task.WaitAsync(limit);
        }
        catch (TimeoutException error)
        {
            throw new TimeoutException($"not within {limit.TotalSeconds} s: {what}", error);
        }
    }
}
