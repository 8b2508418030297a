using System.Threading.Channels;
using Banyan.Control.Store.Persistence;
using Banyan.Xds;
using Microsoft.Extensions.Logging;

namespace Banyan.Control.Reports;

/// <summary>
/// Counts reports: each once, by (proxy, epoch, sequence), and safe before it is acknowledged. One writer takes all
/// that wait in one transaction. Thread-safe.
/// </summary>
internal sealed class EdgeStore : IAsyncDisposable
{
    /// <summary>Reports that may wait; the streams of the proxies wait with them.</summary>
    private const int MostWaiting = 1024;

    private static readonly TimeSpan Retention = TimeSpan.FromDays(30);
    private static readonly TimeSpan CleaningPeriod = TimeSpan.FromHours(1);

    private readonly Channel<Waiting> _waiting = Channel.CreateBounded<Waiting>(MostWaiting);
    private readonly EdgeDatabase _database;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly Task _writing;
    private DateTimeOffset _cleaned;

    /// <param name="database">The store disposes of it.</param>
    /// <param name="log">Where failures go.</param>
    /// <param name="time">Tells the hours.</param>
    public EdgeStore(EdgeDatabase database, ILogger log, TimeProvider time)
    {
        (_database, _log, _time) = (database, log, time);
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>
    /// Completes when the report is counted and safe, or was before. Throws <see cref="StoreFailedException"/>
    /// when it cannot be written.
    /// </summary>
    public async Task AddAsync(EdgeReport report, CancellationToken cancel)
    {
        var waiting = new Waiting(report);
        await _waiting.Writer.WriteAsync(waiting, cancel);
        await waiting.Done.Task.WaitAsync(cancel);
    }

    /// <summary>The matrix since an hour, its hours added up.</summary>
    /// <exception cref="StoreFailedException">The database does not answer.</exception>
    public IReadOnlyDictionary<EdgeIdentity, EdgeSum> Read(DateTimeOffset since) =>
        Read(since, static row => row.Identity() with { Hour = 0 });

    /// <summary>The matrix since an hour, each hour by itself.</summary>
    /// <exception cref="StoreFailedException">The database does not answer.</exception>
    public IReadOnlyDictionary<EdgeIdentity, EdgeSum> ReadHours(DateTimeOffset since) =>
        Read(since, static row => row.Identity());

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _writing;
        _database.Dispose();
    }

    private Dictionary<EdgeIdentity, EdgeSum> Read(DateTimeOffset since, Func<EdgeRow, EdgeIdentity> key)
    {
        var sums = new Dictionary<EdgeIdentity, EdgeSum>();
        _database.Read(since.ToUnixTimeMilliseconds() / EdgeIdentity.HourMs, row => Sum(sums, key(row)).Add(row));
        return sums;
    }

    private static EdgeSum Sum(Dictionary<EdgeIdentity, EdgeSum> sums, EdgeIdentity edge)
    {
        if (!sums.TryGetValue(edge, out var sum))
        {
            sums.Add(edge, sum = new EdgeSum());
        }

        return sum;
    }

    private async Task WriteAsync()
    {
        List<Waiting> batch = [];
        while (await _waiting.Reader.WaitToReadAsync())
        {
            while (_waiting.Reader.TryRead(out var next))
            {
                batch.Add(next);
            }

            Write(batch);
            batch.Clear();
        }
    }

    private void Write(List<Waiting> batch)
    {
        try
        {
            using (var transaction = _database.Begin())
            {
                Write(batch, transaction);
                transaction.Commit();
            }

            batch.ForEach(waiting => waiting.Done.TrySetResult());
        }
        catch (Exception exception)
        {
            Log.NotSaved(_log, exception.Message);
            var failure = new StoreFailedException("reports cannot be saved", exception);
            batch.ForEach(waiting => waiting.Done.TrySetException(failure));
        }
    }

    private void Write(List<Waiting> batch, EdgeTransaction transaction)
    {
        var sums = new Dictionary<EdgeIdentity, EdgeSum>();
        var cursors = new Dictionary<(string, ulong), Cursor>();
        foreach (var report in batch.Select(waiting => waiting.Report))
        {
            Add(report, sums, cursors, transaction);
        }

        transaction.Save(sums, cursors.Values);
        var now = _time.GetUtcNow();
        if (now - _cleaned >= CleaningPeriod)
        {
            _cleaned = now;
            transaction.Forget((now - Retention).ToUnixTimeMilliseconds());
        }
    }

    private void Add(
        EdgeReport report,
        Dictionary<EdgeIdentity, EdgeSum> sums,
        Dictionary<(string, ulong), Cursor> cursors,
        EdgeTransaction transaction)
    {
        var key = (report.Node, report.Epoch);
        var counted = cursors.TryGetValue(key, out var cursor)
            ? cursor.Sequence
            : transaction.Sequence(report.Node, (long)report.Epoch);
        if ((long)report.Sequence <= counted)
        {
            return;
        }

        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        cursors[key] = new Cursor(report.Node, (long)report.Epoch, (long)report.Sequence, now);
        var reporter = report.Node[..report.Node.LastIndexOf('/')];
        foreach (var edge in report.Edges)
        {
            // By the own clock: a proxy whose clock is wrong must not be forgotten at once, or kept for ever.
            Sum(sums, EdgeIdentity.Of(edge, reporter, now)).Add(edge, report.FromUnixMs, report.ToUnixMs);
        }
    }

    private sealed class Waiting(EdgeReport report)
    {
        public EdgeReport Report => report;

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
