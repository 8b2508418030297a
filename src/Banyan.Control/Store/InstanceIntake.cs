using Banyan.Control.Store.Persistence;
using Banyan.Model;
using Microsoft.Extensions.Logging;

namespace Banyan.Control.Store;

/// <summary>Takes registrations of instances into the store. Runs on the writer's thread.</summary>
/// <remarks>
/// The database only serves a restart, until the supervisor has registered everything again: a failed write there
/// refuses nothing.
/// </remarks>
internal sealed class InstanceIntake(IDatabase database, ILogger log, TimeProvider time)
{
    /// <summary>Registers an instance, or confirms it.</summary>
    public void Put(StoreState state, WorkloadInstance instance, WriteOrigin origin)
    {
        var same = state.Instances.TryGetValue(instance.NodeId, out var before) && before.Instance == instance;
        state.Instances[instance.NodeId] = new InstanceEntry(instance, IsRestored: false);
        if (!same)
        {
            state.UnsavedInstances.Add(instance.NodeId);
            Flush(state, origin.Entry(0, time.GetUtcNow(), $"{instance.NodeId} {instance.State}"));
        }
    }

    /// <summary>Removes an instance; false when there is none.</summary>
    public bool Remove(StoreState state, string node, WriteOrigin origin)
    {
        if (!state.Instances.Remove(node))
        {
            return false;
        }

        state.UnsavedInstances.Add(node);
        Flush(state, origin.Entry(0, time.GetUtcNow(), node));
        return true;
    }

    /// <summary>Writes every registration that the database does not hold as it is.</summary>
    public void Flush(StoreState state, AuditRow? entry = null)
    {
        if (state.UnsavedInstances.Count == 0)
        {
            return;
        }

        try
        {
            var change = new DatabaseChange
            {
                Audit = entry,
                Instances = [.. state.UnsavedInstances.Select(node => state.Instances.GetValueOrDefault(node)?.Instance)
                    .OfType<WorkloadInstance>()],
                RemovedInstances = [.. state.UnsavedInstances.Where(node => !state.Instances.ContainsKey(node))],
            };
            database.Save(change);
            state.Marks = state.Marks.After(change);
            state.UnsavedInstances.Clear();
            state.StoreProblem = state.Unsaved.IsEmpty ? null : state.StoreProblem;
        }
        catch (StoreFailedException exception)
        {
            Log.NotSaved(log, exception.Message);
            state.StoreProblem = exception.Message;
        }
    }
}
