namespace Banyan.Cli.Up;

/// <summary>The replicas of one process.</summary>
/// <remarks>Changed by one operation of the supervisor at a time; read by any thread.</remarks>
internal sealed class ReplicaGroup(ProcessPlan plan, SupervisorContext context)
{
    private readonly List<Replica> _replicas = [];

    /// <summary>What the files say now.</summary>
    public ProcessPlan Plan { get; private set; } = plan;

    public IReadOnlyList<Replica> Replicas
    {
        get
        {
            lock (_replicas)
            {
                return [.. _replicas];
            }
        }
    }

    /// <summary>Starts what is missing.</summary>
    /// <exception cref="UserException">A fixed port is taken.</exception>
    public void Start()
    {
        while (Replicas.Count < Plan.Run.Replicas)
        {
            Add();
        }
    }

    /// <summary>Comes to a new plan: replicas are added or removed, and restarted one by one if the process changed.</summary>
    /// <exception cref="UserException">A replica did not come back; those after it were not touched.</exception>
    public async Task ChangeAsync(ProcessPlan plan, CancellationToken cancel)
    {
        var isSame = plan.IsSameProcess(Plan);
        Plan = plan;
        await (isSame ? ShrinkAsync(cancel) : RollAsync(cancel));
        Start();
    }

    /// <summary>Restarts one replica after the other; the next one only when the last one serves.</summary>
    /// <exception cref="UserException">A replica did not come back; those after it were not touched.</exception>
    public async Task RollAsync(CancellationToken cancel)
    {
        await ShrinkAsync(cancel);
        foreach (var replica in Replicas)
        {
            var others = Replicas.Where(other => other != replica);
            if (others.Any(other => other.IsReady) || !replica.IsReady || Plan.HasFixedPort || replica.Plan.HasFixedPort)
            {
                context.Log.Notice($"{replica.NodeId} is restarted");
                await replica.RollAsync(Plan, cancel);
            }
            else
            {
                await ReplaceAsync(replica, cancel);
            }
        }
    }

    /// <summary>Takes all replicas out of service without losing a request, and ends them.</summary>
    public Task RetireAsync(CancellationToken cancel) =>
        Task.WhenAll(Replicas.Select(replica => replica.RetireAsync(cancel)));

    /// <summary>Ends all replicas at the same time.</summary>
    public Task StopAsync() => Task.WhenAll(Replicas.Select(replica => replica.StopAsync()));

    /// <summary>Nobody else could serve meanwhile: a new replica takes over before the old one goes.</summary>
    private async Task ReplaceAsync(Replica old, CancellationToken cancel)
    {
        var replacement = Add();
        context.Log.Notice($"{old.NodeId} is replaced by {replacement.NodeId}");
        try
        {
            await replacement.ServesAsync(cancel);
        }
        catch (UserException exception)
        {
            await RemoveAsync(replacement, cancel);
            throw new UserException($"{exception.Message}; {old.NodeId} goes on");
        }

        await RemoveAsync(old, cancel);
    }

    /// <summary>Ends what there is too much, also what a replacement that was broken off has left.</summary>
    private async Task ShrinkAsync(CancellationToken cancel)
    {
        foreach (var replica in Replicas.Skip(Plan.Run.Replicas))
        {
            await RemoveAsync(replica, cancel);
        }
    }

    private Replica Add()
    {
        var taken = Replicas.Select(replica => replica.Index).ToHashSet();
        var replica = new Replica(Plan, Enumerable.Range(0, int.MaxValue).First(index => !taken.Contains(index)), context);
        lock (_replicas)
        {
            _replicas.Add(replica);
        }

        replica.Start();
        return replica;
    }

    private async Task RemoveAsync(Replica replica, CancellationToken cancel)
    {
        await replica.RetireAsync(cancel);
        lock (_replicas)
        {
            _replicas.Remove(replica);
        }
    }
}
