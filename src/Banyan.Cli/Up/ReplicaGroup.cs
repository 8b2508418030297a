namespace Banyan.Cli.Up;

/// <summary>The replicas of one process.</summary>
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
    public void Start()
    {
        for (var index = Replicas.Count; index < Plan.Run.Replicas; index++)
        {
            var replica = new Replica(Plan, index, context);
            lock (_replicas)
            {
                _replicas.Add(replica);
            }

            replica.Start();
        }
    }

    /// <summary>Comes to a new plan: replicas are added or removed, and restarted one by one if the process changed.</summary>
    public async Task ChangeAsync(ProcessPlan plan, CancellationToken cancel)
    {
        var isSame = plan.IsSameProcess(Plan);
        Plan = plan;
        foreach (var replica in Replicas.Skip(plan.Run.Replicas))
        {
            await replica.StopAsync();
            lock (_replicas)
            {
                _replicas.Remove(replica);
            }
        }

        if (!isSame)
        {
            await RollAsync(cancel);
        }

        Start();
    }

    /// <summary>Restarts one replica after the other; the next one only when the last one serves.</summary>
    public async Task RollAsync(CancellationToken cancel)
    {
        foreach (var replica in Replicas)
        {
            context.Log.Notice($"{replica.NodeId} is restarted");
            await replica.RollAsync(Plan, cancel);
        }
    }

    /// <summary>Ends all replicas at the same time.</summary>
    public Task StopAsync() => Task.WhenAll(Replicas.Select(replica => replica.StopAsync()));
}
