using System.Collections.Immutable;
using Banyan.Control.Store;
using Banyan.Model;

namespace Banyan.Control.Registry;

/// <summary>Takes registrations into the store. Runs on the writer's thread.</summary>
/// <remarks>Throws StoreFailedException when the database does not take it; nothing has changed then.</remarks>
internal sealed class RegistryIntake(Commit commit)
{
    /// <summary>How many endpoints may register.</summary>
    public const int Most = 20_000;

    /// <summary>Numbers below are those of processes that `up` runs.</summary>
    private const int FirstReplica = 100_000;

    /// <summary>Registers an endpoint, or changes its registration.</summary>
    /// <param name="state">The state.</param>
    /// <param name="given">What was sent; the Workload is found here.</param>
    /// <param name="port">The port that was sent; null = that of the service.</param>
    /// <param name="origin">Who sends it.</param>
    public (Registration? Item, bool IsNew, EquatableList<Problem> Problems) Put(
        StoreState state, Registration given, int? port, WriteOrigin origin)
    {
        state.Registrations.TryGetValue(given.Id, out var before);
        if (before is null && state.Registrations.Count >= Most)
        {
            return (null, false, [new Problem("", 0, 0, "", $"more than {Most} registrations")]);
        }

        var item = Place(state, given, port, before);
        if (item == before)
        {
            return (item, false, []);
        }

        var next = state.Registrations.SetItem(item.Id, item);
        var problems = Check(state, item, next);
        if (problems.Count > 0)
        {
            return (null, false, problems);
        }

        commit.Registry(state, next, origin, item.Id);
        return (item, before is null, []);
    }

    /// <summary>Removes a registration; false when there is none.</summary>
    public bool Remove(StoreState state, string id, WriteOrigin origin)
    {
        if (!state.Registrations.ContainsKey(id))
        {
            return false;
        }

        commit.Registry(state, state.Registrations.Remove(id), origin, id);
        return true;
    }

    /// <summary>Takes endpoints of a service out of rotation, or back.</summary>
    /// <returns>How many there are.</returns>
    public int Maintain(StoreState state, MaintenanceOrder order, WriteOrigin origin)
    {
        var concerned = state.Registrations.Values.Where(order.Concerns).ToList();
        var changed = concerned.Where(item => item.Maintenance != order.On)
            .Select(item => KeyValuePair.Create(item.Id, item with { Maintenance = order.On })).ToList();
        if (changed.Count > 0)
        {
            commit.Registry(
                state, state.Registrations.SetItems(changed), origin, $"{order} ({changed.Count} endpoints)");
        }

        return concerned.Count;
    }

    private static Registration Place(StoreState state, Registration given, int? port, Registration? before)
    {
        var written = state.Live.Values.Select(item => (item.Owner, Workload: item.Written as Workload)).FirstOrDefault(
            each => each.Workload is { } workload && each.Owner != RegistryObjects.Owner
                && workload.Metadata.Namespace == given.Namespace
                && workload.Spec.Service == given.Service && workload.Spec.Version == given.Version
                && workload.Spec.Process.Length == 0).Workload;
        var name = written?.Metadata.Name ?? RegistryObjects.NameOf(given.Service, given.Version);
        var known = written?.Spec.Ports.Select(each => each.Port).ToList() ?? [];
        return given with
        {
            Workload = name,
            Port = port ?? (known.Count == 1 ? known[0] : given.Port),
            Maintenance = before?.Maintenance ?? false,
            Replica = before is not null && before.Workload == name ? before.Replica : Free(state, given, name),
        };
    }

    private static int Free(StoreState state, Registration given, string workload)
    {
        var taken = state.Registrations.Values
            .Where(item => item.Namespace == given.Namespace && item.Workload == workload)
            .Select(item => item.Replica).ToHashSet();
        var number = FirstReplica;
        while (taken.Contains(number))
        {
            number++;
        }

        return number;
    }

    private static EquatableList<Problem> Check(
        StoreState state, Registration item, ImmutableDictionary<string, Registration> next)
    {
        var chosen = LiveSet.Choose(state, state.Api, next);
        var workload = chosen.GetValueOrDefault(new ObjectKey(nameof(Workload), item.Namespace, item.Workload));
        if (workload.Written is Workload { Spec: var spec } && spec.Ports.All(port => port.Port != item.Port))
        {
            return [new Problem("", 0, 0, "port",
                $"Workload {item.Namespace}/{item.Workload} ({workload.Owner}) has no port {item.Port}")];
        }

        if (workload.Written is Workload { Spec: var other }
            && (other.Service != item.Service || other.Version != item.Version))
        {
            return [new Problem("", 0, 0, "service",
                $"Workload {item.Namespace}/{item.Workload} ({workload.Owner}) is of another service")];
        }

        if (item.Health is not null && workload.Owner != RegistryObjects.Owner)
        {
            return [new Problem("", 0, 0, "health",
                $"Workload {item.Namespace}/{item.Workload} ({workload.Owner}) says how its endpoints are probed")];
        }

        return Validator.Check(chosen.Values.Select(each => each.Written));
    }
}

/// <summary>What is to be taken out of rotation, or back.</summary>
/// <param name="Namespace">The service's namespace.</param>
/// <param name="Service">The service.</param>
/// <param name="Version">One version; null = all.</param>
/// <param name="Address">One endpoint; null = all.</param>
/// <param name="On">Out, or back.</param>
internal sealed record MaintenanceOrder(string Namespace, string Service, string? Version, string? Address, bool On)
{
    /// <summary>Whether it means this endpoint.</summary>
    public bool Concerns(Registration item) => item.Namespace == Namespace && item.Service == Service
        && (Version is null || item.Version == Version) && (Address is null || item.Address == Address);

    /// <inheritdoc />
    public override string ToString() =>
        $"{Namespace}/{Service} {Version} {Address} {(On ? "out of rotation" : "in rotation")}";
}
