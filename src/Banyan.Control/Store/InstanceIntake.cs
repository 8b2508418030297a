using Banyan.Model;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Banyan.Control.Store;

/// <summary>Takes registrations of instances into the store. Runs on the writer's thread.</summary>
/// <remarks>
/// The database only serves a restart, until the supervisor has registered everything again: a failed write there
/// refuses nothing.
/// </remarks>
internal sealed class InstanceIntake(Database database, ILogger log)
{
    /// <summary>Registers an instance, or confirms it.</summary>
    public void Put(StoreState state, WorkloadInstance instance)
    {
        var same = state.Instances.TryGetValue(instance.NodeId, out var before) && before.Instance == instance;
        state.Instances[instance.NodeId] = new InstanceEntry(instance, IsRestored: false);
        if (!same)
        {
            Try(() => database.SaveInstance(instance));
        }
    }

    /// <summary>Removes an instance; false when there is none.</summary>
    public bool Remove(StoreState state, string node)
    {
        if (!state.Instances.Remove(node))
        {
            return false;
        }

        Try(() => database.RemoveInstance(node));
        return true;
    }

    private void Try(Action write)
    {
        try
        {
            write();
        }
        catch (SqliteException exception)
        {
            Log.NotSaved(log, exception);
        }
    }
}
