using Banyan.Control.Store.Persistence;
using Microsoft.Extensions.Logging;

namespace Banyan.Control.Store;

/// <summary>
/// Writes what could not be written, as soon as the database takes it again, and puts the database back when somebody
/// took it away.
/// </summary>
internal sealed class StoreKeeper(
    ConfigStore store, Commit commit, InstanceIntake instances, IDatabase database, ILogger log, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Runs until the control plane stops.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(Pause, time);
        while (await timer.WaitForNextTickAsync(cancel))
        {
            if (store.View.StoreProblem is null && !database.IsLost)
            {
                continue;
            }

            var isSafe = await store.ChangeAsync<bool>(state =>
            {
                Heal(state);
                instances.Flush(state);
                commit.Flush(state);
                return view => view.StoreProblem is null;
            });
            if (isSafe)
            {
                Log.Saved(log);
            }
        }
    }

    private void Heal(StoreState state)
    {
        try
        {
            database.Heal();
            var isStored = state.Unsaved.IsEmpty && state.UnsavedInstances.Count == 0;
            state.StoreProblem = isStored ? null : state.StoreProblem;
        }
        catch (StoreFailedException exception)
        {
            state.StoreProblem = exception.Message;
        }
    }
}
