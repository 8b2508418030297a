using Banyan.Control.Store;
using Banyan.Control.Store.Persistence;

namespace Banyan.Control.Identity;

/// <summary>
/// Records certificates before they are given out. Those that wait are written together: a fleet that joins at once
/// pays for a few transactions and not for one each.
/// </summary>
/// <remarks>Safe on any thread; the database is used on the store's.</remarks>
internal sealed class IssuanceLedger(ConfigStore store, IDatabase database)
{
    private const int MostAtOnce = 256;

    private readonly Lock _gate = new();
    private readonly Queue<Entry> _waiting = [];
    private bool _isWriting;

    /// <summary>Uses up the token, if it is the proof, and records the certificate: both, or neither.</summary>
    /// <exception cref="StoreFailedException">The database does not take it.</exception>
    public Task<RecordOutcome> RecordAsync(Issuance issuance)
    {
        var entry = new Entry(issuance);
        lock (_gate)
        {
            _waiting.Enqueue(entry);
            if (_isWriting)
            {
                return entry.Answer.Task;
            }

            _isWriting = true;
        }

        _ = WriteAsync();
        return entry.Answer.Task;
    }

    /// <summary>Never fails: what goes wrong is each entry's answer.</summary>
    private async Task WriteAsync()
    {
        while (Take() is { Count: > 0 } batch)
        {
            try
            {
                var outcomes = await store.ReadAsync(_ => database.Record([.. batch.Select(each => each.Issuance)]));
                foreach (var (entry, outcome) in batch.Zip(outcomes))
                {
                    entry.Answer.TrySetResult(outcome);
                }
            }
            catch (Exception exception)
            {
                foreach (var entry in batch)
                {
                    entry.Answer.TrySetException(exception);
                }
            }
        }
    }

    private List<Entry> Take()
    {
        List<Entry> batch = [];
        lock (_gate)
        {
            while (batch.Count < MostAtOnce && _waiting.TryDequeue(out var entry))
            {
                batch.Add(entry);
            }

            _isWriting = batch.Count > 0;
        }

        return batch;
    }

    private sealed class Entry(Issuance issuance)
    {
        public Issuance Issuance { get; } = issuance;

        public TaskCompletionSource<RecordOutcome> Answer { get; } =
            new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
