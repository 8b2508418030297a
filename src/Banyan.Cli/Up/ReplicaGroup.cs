namespace Banyan.Cli.Up;

/// <summary>The replicas of one process.</summary>
/// <remarks>Changed by one operation of the supervisor at a time; read by any thread.</remarks>
internal sealed class ReplicaGroup(ProcessPlan plan, SupervisorContext context)
{
    private readonly List<Replica> _replicas = [];
    private readonly Backoff _backoff = new(context.Random);
    private ProcessPlan? _failed;
    private long _failedAt;
    private TimeSpan _pause;

    /// <summary>What the files said when all replicas last came to it.</summary>
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

    /// <summary>Whether every replica is as a plan says.</summary>
    public bool Is(ProcessPlan plan)
    {
        var replicas = Replicas;
        return plan.Equals(Plan) && replicas.Count == plan.Run.Replicas && replicas.All(replica => replica.Plan.IsSameProcess(plan));
    }

    /// <summary>Whether a plan is new here, or failed so long ago that it may be tried again.</summary>
    public bool IsDue(ProcessPlan plan) => !plan.Equals(_failed) || context.Time.GetElapsedTime(_failedAt) >= _pause;

    /// <summary>Starts what is missing.</summary>
    /// <exception cref="UserException">A fixed port is taken.</exception>
    public void Start() => Start(Plan);

    /// <summary>Comes to a new plan: replicas are added or removed, and restarted one by one if the process changed.</summary>
    /// <exception cref="UserException">
    /// A fixed port is taken, or a replica did not come back; those after it were not touched. <see cref="Plan"/> is the
    /// old one, and <see cref="IsDue"/> says when to try again.
    /// </exception>
    public async Task ChangeAsync(ProcessPlan plan, CancellationToken cancel)
    {
        try
        {
            await ShrinkAsync(plan, cancel);
            await RollAsync(Replicas.Where(replica => !replica.Plan.IsSameProcess(plan)), plan, cancel);
            Start(plan);
            Plan = plan;
            _failed = null;
        }
        catch (UserException)
        {
            _pause = _backoff.Next(plan.Equals(_failed) ? TimeSpan.Zero : Backoff.Healthy);
            (_failed, _failedAt) = (plan, context.Time.GetTimestamp());
            throw;
        }
    }

    /// <summary>Restarts one replica after the other; the next one only when the last one serves.</summary>
    /// <exception cref="UserException">A replica did not come back; those after it were not touched.</exception>
    public async Task RollAsync(CancellationToken cancel)
    {
        await ShrinkAsync(Plan, cancel);
        await RollAsync(Replicas, Plan, cancel);
    }

    /// <summary>Takes all replicas out of service without losing a request, and ends them.</summary>
    public Task RetireAsync(CancellationToken cancel) =>
        Task.WhenAll(Replicas.Select(replica => replica.RetireAsync(cancel)));

    /// <summary>Ends all replicas at the same time.</summary>
    public Task StopAsync() => Task.WhenAll(Replicas.Select(replica => replica.StopAsync()));

    private void Start(ProcessPlan plan)
    {
        while (Replicas.Count < plan.Run.Replicas)
        {
            Add(plan);
        }
    }

    private async Task RollAsync(IEnumerable<Replica> replicas, ProcessPlan plan, CancellationToken cancel)
    {
        foreach (var replica in replicas)
        {
            var others = Replicas.Where(other => other != replica);
            if (others.Any(other => other.IsReady) || !replica.IsReady || plan.HasFixedPort || replica.Plan.HasFixedPort)
            {
                context.Log.Notice($"{replica.NodeId} is restarted");
                await replica.RollAsync(plan, cancel);
            }
            else
            {
                await ReplaceAsync(replica, plan, cancel);
            }
        }
    }

    /// <summary>Nobody else could serve meanwhile: a new replica takes over before the old one goes.</summary>
    private async Task ReplaceAsync(Replica old, ProcessPlan plan, CancellationToken cancel)
    {
        var replacement = Add(plan);
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
    private async Task ShrinkAsync(ProcessPlan plan, CancellationToken cancel)
    {
        foreach (var replica in Replicas.Skip(plan.Run.Replicas))
        {
            await RemoveAsync(replica, cancel);
        }
    }

    private Replica Add(ProcessPlan plan)
    {
        var taken = Replicas.Select(replica => replica.Index).ToHashSet();
        var replica = new Replica(plan, Enumerable.Range(0, int.MaxValue).First(index => !taken.Contains(index)), context);
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
