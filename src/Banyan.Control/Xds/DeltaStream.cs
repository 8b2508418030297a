using System.Buffers;
using Banyan.Model;
using Banyan.Xds;
using Banyan.Xds.Grpc;

namespace Banyan.Control.Xds;

/// <summary>One delta xDS stream: what it asked for, what it was sent, what it must be sent next.</summary>
internal sealed class DeltaStream(XdsHub hub, TimeProvider time) : XdsStream(hub)
{
    private readonly Lock _gate = new();
    private readonly Subscription?[] _types = new Subscription?[XdsTypeNames.Count];
    private readonly Queue<DeltaPlan> _unknown = new();

    /// <inheritdoc />
    public override StreamFault? Accept(ReadOnlySequence<byte> message) =>
        Parse(DeltaDiscoveryRequest.Parser, message, out var fault) is { } request ? Accept(request) : fault;

    /// <summary>Takes a request: acknowledgement, subscriptions, or both.</summary>
    /// <returns>Null, or why the stream must end.</returns>
    public StreamFault? Accept(DeltaDiscoveryRequest request)
    {
        lock (_gate)
        {
            if (Introduce(request.Node) is { } fault)
            {
                return fault;
            }

            if (!XdsTypeNames.TryParse(request.TypeUrl, out var type))
            {
                AnswerUnknownLocked(request);
                return null;
            }

            var subscription = _types[(int)type] ??= new Subscription();
            AcknowledgeLocked(type, subscription, request);
            SubscribeLocked(type, subscription, request);
            UnsubscribeLocked(type, subscription, request);
            subscription.Seen = true;
            if (request.ResourceNamesSubscribe.Count > 0
                && _types.Sum(each => each?.Names.Count ?? 0) > MaxNames)
            {
                return new StreamFault(GrpcStatusCode.ResourceExhausted, $"more than {MaxNames} names on one stream");
            }

            // Most requests are acknowledgements after which nothing is due.
            if (!Array.Exists(_types, each => each is { IsWaiting: true }))
            {
                return null;
            }
        }

        Signal.Set();
        return null;
    }

    /// <inheritdoc />
    public override void Mark(IReadOnlyList<TypedName> keys)
    {
        var isDue = false;
        lock (_gate)
        {
            foreach (var key in keys)
            {
                var subscription = _types[(int)key.Type];
                if (subscription is not null && (subscription.Wildcard || subscription.Names.ContainsKey(key.Name)))
                {
                    subscription.Dirty.Add(key.Name);

                    // Else the acknowledgement that is awaited sets the signal.
                    isDue |= !subscription.InFlight;
                }
            }
        }

        if (isDue)
        {
            Signal.Set();
        }
    }

    /// <summary>
    /// The next answer, or null when nothing is due. First answers leave at once. Changes of a type wait while a
    /// push of that type is not acknowledged, and with them what must come after: additions go cluster, endpoint,
    /// listener, route, and removals the other way once no addition waits.
    /// </summary>
    public DeltaPlan? Take()
    {
        lock (_gate)
        {
            if (!Hub.IsReady)
            {
                return null;
            }

            var view = Hub.View;
            return _unknown.TryDequeue(out var unknown) ? unknown : TakeAnswerLocked(view) ?? TakeChangeLocked(view);
        }
    }

    /// <inheritdoc />
    public override List<TypedName> NamedKeys()
    {
        lock (_gate)
        {
            return [.. Types().SelectMany(pair => pair.Subscription.Names
                .Where(name => name.Value.Named)
                .Select(name => new TypedName(pair.Type, name.Key)))];
        }
    }

    /// <inheritdoc />
    public override bool HasAcknowledged(XdsType type, string name, string version)
    {
        lock (_gate)
        {
            return _types[(int)type] is { InFlight: false, Nack: null } subscription
                && subscription.Names.TryGetValue(name, out var held) && held.Version == version;
        }
    }

    /// <inheritdoc />
    public override StreamReport Report()
    {
        lock (_gate)
        {
            var types = Types().ToList();
            return new StreamReport(
                types.All(pair => pair.Subscription.IsSettled),
                types.ToDictionary(
                    pair => pair.Type,
                    pair => (pair.Subscription.AckedVersion, pair.Subscription.HeldCount)),
                types.Select(pair => pair.Subscription.Nack).Where(nack => nack is not null).MaxBy(nack => nack!.At));
        }
    }

    /// <inheritdoc />
    public override bool Write(IBufferWriter<byte> output)
    {
        if (Take() is not { } plan)
        {
            return false;
        }

        var head = new DeltaDiscoveryResponse
        {
            SystemVersionInfo = plan.Version, TypeUrl = plan.TypeUrl, Nonce = plan.Nonce,
        };
        head.RemovedResources.AddRange(plan.Removed);
        WriteHead(output, head, plan.Resources.Sum(resource => resource.Field.Length));
        foreach (var resource in plan.Resources)
        {
            output.Write(resource.Field);
        }

        return true;
    }

    private IEnumerable<(XdsType Type, Subscription Subscription)> Types()
    {
        for (var i = 0; i < _types.Length; i++)
        {
            if (_types[i] is { } subscription)
            {
                yield return ((XdsType)i, subscription);
            }
        }
    }

    private void AcknowledgeLocked(XdsType type, Subscription subscription, DeltaDiscoveryRequest request)
    {
        if (request.ResponseNonce.Length == 0)
        {
            return;
        }

        var error = request.ErrorDetail is { } detail ? Shorten(detail.Message) : null;
        if (subscription.Acknowledge(request.ResponseNonce, error, type, time.GetUtcNow()) is { } nack)
        {
            Hub.Refused(this, nack);
        }
    }

    private void SubscribeLocked(XdsType type, Subscription subscription, DeltaDiscoveryRequest request)
    {
        var first = !subscription.Seen;
        var known = request.InitialResourceVersions;
        foreach (var name in request.ResourceNamesSubscribe)
        {
            if (name == "*")
            {
                SubscribeWildcardLocked(subscription, request, first);
                continue;
            }

            // Into the index before the view is read: a change in between then marks the name once more, which
            // costs nothing, instead of being missed.
            var shared = Hub.Subscribe(new TypedName(type, name), this);
            var version = first && known.TryGetValue(name, out var had) ? had : null;
            subscription.Names[shared] = new Held(version, Named: true);
            subscription.Answers.Add(shared);
        }

        // Older clients ask for everything of these two types by naming nothing in their first request.
        if (first && request.ResourceNamesSubscribe.Count == 0 && request.ResponseNonce.Length == 0
            && (type is XdsType.Listener or XdsType.Cluster))
        {
            SubscribeWildcardLocked(subscription, request, first);
        }
    }

    private static void SubscribeWildcardLocked(Subscription subscription, DeltaDiscoveryRequest request, bool first)
    {
        foreach (var (name, held) in subscription.Names.Where(pair => !pair.Value.Named).ToList())
        {
            subscription.Names[name] = held with { Version = null };
        }

        if (first)
        {
            foreach (var (name, version) in request.InitialResourceVersions)
            {
                if (!request.ResourceNamesSubscribe.Contains(name))
                {
                    subscription.Names[name] = new Held(version, Named: false);
                }
            }
        }

        subscription.Wildcard = true;
        subscription.WildcardDue = true;
        subscription.WildcardForced = !first || request.InitialResourceVersions.Count == 0;
    }

    private void UnsubscribeLocked(XdsType type, Subscription subscription, DeltaDiscoveryRequest request)
    {
        foreach (var name in request.ResourceNamesUnsubscribe)
        {
            if (name == "*")
            {
                subscription.Wildcard = subscription.WildcardDue = false;
                foreach (var (other, _) in subscription.Names.Where(pair => !pair.Value.Named).ToList())
                {
                    subscription.Names.Remove(other);
                    subscription.Dirty.Remove(other);
                }

                continue;
            }

            if (subscription.Names.TryGetValue(name, out var held) && held.Named)
            {
                subscription.Names.Remove(name);
                subscription.Answers.Remove(name);
                subscription.Dirty.Remove(name);
                Hub.Unsubscribe(new TypedName(type, name), this);
            }
        }
    }

    private void AnswerUnknownLocked(DeltaDiscoveryRequest request)
    {
        var names = request.ResourceNamesSubscribe.Where(name => name != "*").ToList();
        if (names.Count > 0 && _unknown.Count < Subscription.MaxFlights)
        {
            _unknown.Enqueue(new DeltaPlan(Shorten(request.TypeUrl), NextNonce(), Hub.View.Version, [], names));
        }

        Signal.Set();
    }

    private DeltaPlan? TakeAnswerLocked(ResourceView view)
    {
        for (var i = 0; i < _types.Length; i++)
        {
            if (_types[i] is not { IsAnswerDue: true, HasRoom: true } subscription)
            {
                continue;
            }

            var type = (XdsType)i;

            var force = false;
            if (subscription.WildcardDue)
            {
                force = subscription.WildcardForced;
                subscription.WildcardDue = false;
                subscription.Answers.UnionWith(WildcardNames(type, subscription, view));
            }

            if (subscription.Answers.Count == 0 && !force)
            {
                continue;
            }

            var plan = Plan(type, view);
            Fill(plan, type, subscription, subscription.Answers, view, additions: true, removals: true);
            subscription.Tidy();
            if (force || plan.Resources.Count > 0 || plan.Removed.Count > 0)
            {
                subscription.Sent(plan);
                return plan;
            }
        }

        return null;
    }

    private DeltaPlan? TakeChangeLocked(ResourceView view)
    {
        for (var i = 0; i < _types.Length; i++)
        {
            if (_types[i] is { IsDirty: true } subscription && HasAdditions((XdsType)i, subscription, view))
            {
                return subscription.InFlight ? null : Change((XdsType)i, subscription, view, additions: true);
            }
        }

        for (var i = _types.Length - 1; i >= 0; i--)
        {
            // What is left are removals, and names that came back to what was sent.
            if (_types[i] is not { IsDirty: true } subscription)
            {
                continue;
            }

            if (subscription.InFlight)
            {
                return null;
            }

            if (Change((XdsType)i, subscription, view, additions: false) is { } plan)
            {
                return plan;
            }
        }

        return null;
    }

    private bool HasAdditions(XdsType type, Subscription subscription, ResourceView view)
    {
        foreach (var name in subscription.Dirty)
        {
            if (Resolve(type, subscription, name, view) is { } resource
                && subscription.Names.GetValueOrDefault(name).Version != resource.Version)
            {
                return true;
            }
        }

        return false;
    }

    private DeltaPlan? Change(XdsType type, Subscription subscription, ResourceView view, bool additions)
    {
        var plan = Plan(type, view);
        Fill(plan, type, subscription, subscription.Dirty, view, additions, removals: !additions);
        subscription.Tidy();
        if (plan.Resources.Count == 0 && plan.Removed.Count == 0)
        {
            return null;
        }

        subscription.Sent(plan);
        return plan;
    }

    private DeltaPlan Plan(XdsType type, ResourceView view) => new(type.Url(), NextNonce(), view.Version, [], []);

    private void Fill(
        DeltaPlan plan,
        XdsType type,
        Subscription subscription,
        HashSet<string> from,
        ResourceView view,
        bool additions,
        bool removals)
    {
        var size = 0;
        foreach (var name in from.ToArray())
        {
            if (size > DeltaPlan.SoftLimit)
            {
                return;
            }

            var known = subscription.Names.TryGetValue(name, out var held);
            if (Resolve(type, subscription, name, view) is { } resource)
            {
                if (known && held.Version == resource.Version)
                {
                    from.Remove(name);
                }
                else if (additions)
                {
                    from.Remove(name);
                    plan.Resources.Add(resource);
                    size += resource.Field.Length;
                    subscription.Names[name] = new Held(resource.Version, known && held.Named);
                }
            }
            else if (!known || held.Version is "")
            {
                from.Remove(name);
            }
            else if (removals)
            {
                from.Remove(name);
                plan.Removed.Add(name);
                size += name.Length;
                Forget(subscription, name, held);
            }
        }
    }

    private static void Forget(Subscription subscription, string name, Held held)
    {
        if (held.Named)
        {
            subscription.Names[name] = held with { Version = "" };
        }
        else
        {
            subscription.Names.Remove(name);
        }
    }

    private EncodedResource? Resolve(XdsType type, Subscription subscription, string name, ResourceView view)
    {
        var named = subscription.Names.TryGetValue(name, out var held) && held.Named;
        return Resolve(type, name, subscription.Wildcard, named, view);
    }

    private IEnumerable<string> WildcardNames(XdsType type, Subscription subscription, ResourceView view)
    {
        var held = subscription.Names.Where(pair => !pair.Value.Named).Select(pair => pair.Key);
        return OwnNames(type, view).Concat(held);
    }
}
