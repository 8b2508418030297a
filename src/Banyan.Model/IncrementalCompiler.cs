namespace Banyan.Model;

/// <summary>Compiles again and again, each time what differs from the time before.</summary>
/// <remarks>
/// When only instances differ, nothing is resolved again: their sidecars' listeners, their applications' clusters and
/// the endpoints of the services they stand behind are made anew, and nothing else is looked at. When objects differ,
/// references are bound anew, and resources whose inputs are equal are taken over. Not to be used after an exception.
/// </remarks>
internal sealed class IncrementalCompiler
{
    private readonly Memo<ResourceKey, XdsResource> _resourceMemo = new();
    private readonly Memo<string, EquatableList<XdsResource>> _nodeMemo = new();
    private MeshObject[] _objects = [];
    private TokenKeys _keys = TokenKeys.None;
    private WorkloadInstance[] _instances = [];
    private InstanceIndex _running = new();
    private bool _hasTwins;
    private ResolvedMesh? _resolved;
    private MeshTranslation? _translation;
    private CompiledMesh? _last;

    public CompiledMesh Compile(MeshObject[] objects, WorkloadInstance[] instances, TokenKeys keys)
    {
        var output = new MeshDraft(_last);
        var changes = Register(instances);
        if (_resolved is null || !IsSame(objects) || !ReferenceEquals(_keys, keys))
        {
            _resolved = ResolvedMesh.Of(objects, keys);
            _keys = keys;
            _objects = objects;
            _translation = null;
        }

        if (_translation is null || changes is null)
        {
            _translation = new MeshTranslation(_resolved, _running, _resourceMemo, _nodeMemo);
            TranslateAll(_resolved, _translation, output);
        }
        else
        {
            Translate(changes, _resolved, _translation, output);
        }

        return _last = output.Finish(_resolved);
    }

    private bool IsSame(MeshObject[] objects)
    {
        if (objects.Length != _objects.Length)
        {
            return false;
        }

        for (var i = 0; i < objects.Length; i++)
        {
            if (!ReferenceEquals(objects[i], _objects[i]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Brings the index up to date; null when it had to be made anew.</summary>
    private InstanceChanges? Register(WorkloadInstance[] instances)
    {
        var changes = InstanceChanges.Between(_instances, instances);
        _instances = instances;
        foreach (var instance in changes.Gone)
        {
            _running.Remove(instance);
        }

        var isNew = true;
        foreach (var instance in changes.New)
        {
            isNew &= _running.Add(instance);
        }

        if (isNew && !_hasTwins && _running.Count == instances.Length)
        {
            return changes;
        }

        // Two of the same name, now or before: the first counts, whichever of them came when.
        _running = new InstanceIndex();
        foreach (var instance in instances)
        {
            _running.Add(instance);
        }

        _hasTwins = _running.Count != instances.Length;
        return null;
    }

    private void TranslateAll(ResolvedMesh resolved, MeshTranslation translation, MeshDraft output)
    {
        _resourceMemo.BeginRound();
        _nodeMemo.BeginRound();
        output.BeginAll();
        foreach (var service in resolved.Services)
        {
            foreach (var port in service.Ports)
            {
                foreach (var resource in translation.Destination(service, port))
                {
                    output.Put(resource);
                }

                output.Put(translation.Endpoints(service, port));
            }
        }

        foreach (var instance in _running.All)
        {
            output.Put(instance.NodeId, translation.Listeners(instance));
        }

        foreach (var resource in _running.Applications.Select(translation.Application).OfType<XdsResource>())
        {
            output.Put(resource);
        }

        foreach (var resource in translation.Fixed())
        {
            output.Put(resource);
        }

        output.EndAll();
        _resourceMemo.EndRound();
        _nodeMemo.EndRound();
    }

    private void Translate(
        InstanceChanges changes, ResolvedMesh resolved, MeshTranslation translation, MeshDraft output)
    {
        var owners = new HashSet<(string Namespace, string Workload)>();
        var applications = new HashSet<string>(StringComparer.Ordinal);
        var nodes = new HashSet<string>(StringComparer.Ordinal);
        foreach (var instance in changes.New)
        {
            nodes.Add(instance.NodeId);
            output.Put(instance.NodeId, translation.Listeners(instance));
            Touch(instance);
        }

        foreach (var instance in changes.Gone)
        {
            Touch(instance);
            if (!nodes.Contains(instance.NodeId))
            {
                output.Remove(instance.NodeId);
                _nodeMemo.Remove(instance.NodeId);
            }
        }

        foreach (var (scope, owner) in owners)
        {
            foreach (var (service, port) in resolved.PortsOf(scope, owner))
            {
                output.Put(translation.Cluster(service, port));
                output.Put(translation.Endpoints(service, port));
            }
        }

        foreach (var application in applications)
        {
            if (translation.Application(application) is { } resource)
            {
                output.Put(resource);
            }
            else
            {
                var key = new ResourceKey(XdsTypes.Cluster, ListenerTranslator.ApplicationCluster(application));
                output.Remove(key);
                _resourceMemo.Remove(key);
            }
        }

        void Touch(WorkloadInstance instance)
        {
            owners.Add((instance.Namespace, instance.Workload));
            applications.UnionWith(InstanceIndex.ApplicationsOf(instance));
        }
    }
}
