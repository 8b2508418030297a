using System.Buffers;
using Banyan.Xds;
using Banyan.Xds.Grpc;

namespace Banyan.Control.Xds;

/// <summary>
/// One state-of-the-world stream (<c>StreamAggregatedResources</c>): what it asked for, what it was sent, what it must
/// be sent next.
/// </summary>
internal sealed class WorldStream(XdsHub hub, TimeProvider time) : XdsStream(hub)
{
    private readonly Lock _gate = new();
    private readonly WorldSubscription?[] _types = new WorldSubscription?[XdsTypeNames.Count];

    /// <inheritdoc />
    public override StreamFault? Accept(ReadOnlySequence<byte> message) =>
        Parse(DiscoveryRequest.Parser, message, out var fault) is { } request ? Accept(request) : fault;

    /// <summary>Takes a request: acknowledgement, the names that are subscribed, or both.</summary>
    /// <returns>Null, or why the stream must end.</returns>
    public StreamFault? Accept(DiscoveryRequest request)
    {
        lock (_gate)
        {
            if (Introduce(request.Node) is { } fault)
            {
                return fault;
            }

            // Of a type that is not served nothing exists, which this protocol says by silence.
            if (!XdsTypeNames.TryParse(request.TypeUrl, out var type))
            {
                return null;
            }

            // A request with another nonce was sent before the last answer arrived; its sender will say again what it
            // wants when it has that.
            var subscription = _types[(int)type] ??= new WorldSubscription(type);
            if (request.ResponseNonce != subscription.Nonce)
            {
                return null;
            }

            AcknowledgeLocked(subscription, request);
            subscription.Request(
                request.ResourceNames,
                name => Hub.Subscribe(new TypedName(type, name), this),
                name => Hub.Unsubscribe(new TypedName(type, name), this));
            if (_types.Sum(each => each?.Names.Count ?? 0) > MaxNames)
            {
                return new StreamFault(GrpcStatusCode.ResourceExhausted, $"more than {MaxNames} names on one stream");
            }
        }

        Signal.Set();
        return null;
    }

    /// <inheritdoc />
    public override bool Write(IBufferWriter<byte> output)
    {
        if (Take() is not { } plan)
        {
            return false;
        }

        var head = new DiscoveryResponse { VersionInfo = plan.Version, TypeUrl = plan.Type.Url(), Nonce = plan.Nonce };
        WriteHead(output, head, plan.Resources.Sum(resource => resource.BareField.Length));
        foreach (var resource in plan.Resources)
        {
            output.Write(resource.BareField);
        }

        return true;
    }

    /// <summary>
    /// The next answer, or null when nothing is due. First answers leave at once. Changes of a type wait while an
    /// answer of that type is not acknowledged, and with them what must come after: additions go cluster, endpoint,
    /// listener, route, and removals the other way once no addition waits.
    /// </summary>
    public WorldPlan? Take()
    {
        lock (_gate)
        {
            if (!Hub.IsReady)
            {
                return null;
            }

            var view = Hub.View;
            return TakeAnswerLocked(view) ?? TakeChangeLocked(view);
        }
    }

    /// <inheritdoc />
    public override void Mark(IReadOnlyList<TypedName> keys)
    {
        lock (_gate)
        {
            foreach (var key in keys)
            {
                var subscription = _types[(int)key.Type];
                if (subscription is not null && (subscription.Wildcard || subscription.Names.Contains(key.Name)))
                {
                    subscription.Dirty.Add(key.Name);
                }
            }
        }

        Signal.Set();
    }

    /// <inheritdoc />
    public override List<TypedName> NamedKeys()
    {
        lock (_gate)
        {
            return [.. Types().SelectMany(each => each.Names.Select(name => new TypedName(each.Type, name)))];
        }
    }

    /// <inheritdoc />
    public override bool HasAcknowledged(XdsType type, string name, string version)
    {
        lock (_gate)
        {
            return _types[(int)type] is { InFlight: false, Nack: null } subscription
                && subscription.Held.TryGetValue(name, out var held) && held.Version == version;
        }
    }

    /// <inheritdoc />
    public override StreamReport Report()
    {
        lock (_gate)
        {
            var types = Types().ToList();
            return new StreamReport(
                types.All(each => each.IsSettled),
                types.ToDictionary(each => each.Type, each => (each.AckedVersion, each.Held.Count)),
                types.Select(each => each.Nack).Where(nack => nack is not null).MaxBy(nack => nack!.At));
        }
    }

    private IEnumerable<WorldSubscription> Types() => _types.OfType<WorldSubscription>();

    private void AcknowledgeLocked(WorldSubscription subscription, DiscoveryRequest request)
    {
        if (request.ResponseNonce.Length == 0)
        {
            return;
        }

        var error = request.ErrorDetail is { } detail ? Shorten(detail.Message) : null;
        if (subscription.Acknowledge(error, time.GetUtcNow()) is { } nack)
        {
            Hub.Refused(this, nack);
        }
    }

    private WorldPlan? TakeAnswerLocked(ResourceView view)
    {
        foreach (var subscription in Types().Where(each => !each.InFlight && (each.AnswerDue || each.Fresh.Count > 0)))
        {
            var forced = subscription.AnswerDue;
            subscription.AnswerDue = false;
            var plan = subscription.IsFull
                ? Full(subscription, view, removals: false)
                : Partial(subscription, view, subscription.Fresh);
            subscription.Fresh.RemoveWhere(name => !IsDue(subscription, name, view));
            if (forced || plan.Count > 0)
            {
                return Send(subscription, view, plan);
            }
        }

        return null;
    }

    private WorldPlan? TakeChangeLocked(ResourceView view)
    {
        foreach (var subscription in Types())
        {
            if (!subscription.Dirty.Any(name => IsDue(subscription, name, view)))
            {
                continue;
            }

            if (subscription.InFlight)
            {
                return null;
            }

            var plan = subscription.IsFull
                ? Full(subscription, view, removals: false)
                : Partial(subscription, view, subscription.Dirty);
            return Send(subscription, view, plan);
        }

        // What is left are removals, and names that came back to what was sent.
        foreach (var subscription in Types().Reverse().Where(each => each.Dirty.Count > 0))
        {
            if (subscription.InFlight)
            {
                return null;
            }

            var gone = subscription.Dirty
                .Where(name => subscription.Held.ContainsKey(name) && Resolve(subscription, name, view) is null)
                .ToList();
            gone.ForEach(subscription.Forget);
            subscription.Dirty.Clear();
            if (gone.Count > 0 && subscription.IsFull)
            {
                return Send(subscription, view, Full(subscription, view, removals: true));
            }
        }

        return null;
    }

    private WorldPlan Send(WorldSubscription subscription, ResourceView view, List<EncodedResource> resources)
    {
        var plan = new WorldPlan(subscription.Type, NextNonce(), subscription.Version, resources);
        subscription.Sent(plan, view.Version);
        return plan;
    }

    /// <summary>All that is subscribed. What is gone stays in until its removal may leave.</summary>
    private List<EncodedResource> Full(WorldSubscription subscription, ResourceView view, bool removals)
    {
        var names = new HashSet<string>(subscription.Names, StringComparer.Ordinal);
        if (subscription.Wildcard)
        {
            names.UnionWith(OwnNames(subscription.Type, view));
        }

        if (!removals)
        {
            names.UnionWith(subscription.Held.Keys);
        }

        List<EncodedResource> all = [];
        foreach (var name in names)
        {
            if (Resolve(subscription, name, view) is { } resource)
            {
                all.Add(resource);
                subscription.Held[name] = resource;
                subscription.Dirty.Remove(name);
            }
            else if (subscription.Held.TryGetValue(name, out var old))
            {
                all.Add(old);
            }
        }

        return all;
    }

    /// <summary>What is new or different, until the answer is large enough.</summary>
    private List<EncodedResource> Partial(WorldSubscription subscription, ResourceView view, HashSet<string> from)
    {
        var size = 0;
        List<EncodedResource> some = [];
        foreach (var name in from.Where(name => IsDue(subscription, name, view)).ToList())
        {
            if (size > DeltaPlan.SoftLimit)
            {
                break;
            }

            var resource = Resolve(subscription, name, view)!;
            some.Add(resource);
            size += resource.BareField.Length;
            subscription.Held[name] = resource;
            subscription.Fresh.Remove(name);
            subscription.Dirty.Remove(name);
        }

        return some;
    }

    private bool IsDue(WorldSubscription subscription, string name, ResourceView view) =>
        Resolve(subscription, name, view) is { } resource
        && subscription.Held.GetValueOrDefault(name)?.Version != resource.Version;

    private EncodedResource? Resolve(WorldSubscription subscription, string name, ResourceView view) =>
        Resolve(subscription.Type, name, subscription.Wildcard, subscription.Names.Contains(name), view);
}
