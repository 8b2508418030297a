using System.Diagnostics.CodeAnalysis;
using Banyan.Proxy.Snapshot.Resources;
using Banyan.Xds;
using Banyan.Xds.Refusal;
using Google.Protobuf;

namespace Banyan.Proxy.Xds;

/// <summary>Reads and checks a resource.</summary>
internal delegate T? ResourceReader<T>(string name, ByteString bytes, Problems problems)
    where T : class;

/// <summary>The resources of one type, without their values: what the protocol needs.</summary>
internal abstract class ResourceTable(ResourceType type)
{
    public ResourceType Type => type;

    /// <summary>Names asked for on the current stream.</summary>
    public HashSet<string> Subscribed { get; } = new(StringComparer.Ordinal);

    /// <summary>The first request of this type went out on the current stream.</summary>
    public bool Opened { get; set; }

    /// <summary>Takes a resource in, or says why not; then the old one stays.</summary>
    public abstract string? Accept(Resource resource);

    /// <summary>The control plane says that the resource does not exist.</summary>
    public abstract void MarkAbsent(string name);

    /// <summary>Forgets a resource nobody needs any more.</summary>
    public abstract void Drop(string name);

    /// <summary>Forgets every resource that is not among these.</summary>
    public abstract void KeepOnly(HashSet<string> names);

    /// <summary>Name and version of everything that was accepted.</summary>
    public abstract IEnumerable<KeyValuePair<string, string>> Versions();

    /// <summary>Appends what traffic sees, in wire form.</summary>
    public abstract void Save(ICollection<Resource> resources);
}

/// <summary>The resources of one type.</summary>
internal sealed class ResourceTable<T>(ResourceType type, ResourceReader<T> read) : ResourceTable(type)
    where T : class
{
    private readonly Dictionary<string, Held<T>> _held = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, Held<T>> All => _held;

    /// <summary>What was last accepted.</summary>
    public T? Latest(string name) => _held.TryGetValue(name, out var held) ? held.Latest?.Value : null;

    /// <summary>What traffic sees.</summary>
    public T? Serving(string name) => _held.TryGetValue(name, out var held) ? held.Serving?.Value : null;

    /// <summary>It serves, or is known not to exist.</summary>
    public bool IsSettled(string name) => _held.TryGetValue(name, out var held) && held.IsSettled;

    public bool TryGet(string name, [NotNullWhen(true)] out Held<T>? held) => _held.TryGetValue(name, out held);

    public override string? Accept(Resource resource)
    {
        var url = resource.Resource_?.TypeUrl;
        if (url != ResourceTypes.Url(Type))
        {
            return $"{resource.Name}: resource.type_url: \"{url}\" is not {ResourceTypes.Word(Type)}";
        }

        var bytes = resource.Resource_!.Value;
        var held = _held.GetValueOrDefault(resource.Name);
        if (held?.Latest is { } latest && latest.Bytes.Equals(bytes))
        {
            var same = latest with { Version = resource.Version };
            held.Serving = ReferenceEquals(held.Serving, latest) ? same : held.Serving;
            held.Latest = same;
            held.Absent = false;
            return null;
        }

        var problems = new Problems();
        if (TryRead(resource.Name, bytes, problems) is not { } value || problems.Any)
        {
            return $"{ResourceTypes.Word(Type)} {resource.Name}: {problems}";
        }

        if (held is null)
        {
            _held.Add(resource.Name, held = new Held<T>());
        }

        held.Latest = new Accepted<T>(value, resource.Version, bytes);
        held.Absent = false;
        return null;
    }

    public override void MarkAbsent(string name)
    {
        if (!_held.TryGetValue(name, out var held))
        {
            _held.Add(name, held = new Held<T>());
        }

        held.Latest = null;
        held.Absent = true;
    }

    public override void Drop(string name) => _held.Remove(name);

    public override void KeepOnly(HashSet<string> names)
    {
        foreach (var name in _held.Keys)
        {
            if (!names.Contains(name))
            {
                _held.Remove(name);
            }
        }
    }

    public override IEnumerable<KeyValuePair<string, string>> Versions()
    {
        foreach (var (name, held) in _held)
        {
            if (held.Latest is { } latest)
            {
                yield return new(name, latest.Version);
            }
        }
    }

    public override void Save(ICollection<Resource> resources)
    {
        foreach (var (name, held) in _held)
        {
            if (held.Serving is { } serving)
            {
                resources.Add(new Resource
                {
                    Name = name,
                    Version = serving.Version,
                    Resource_ = new() { TypeUrl = ResourceTypes.Url(Type), Value = serving.Bytes },
                });
            }
        }
    }

    private T? TryRead(string name, ByteString bytes, Problems problems)
    {
        try
        {
            problems.AddRange(RefusedFields.Find(ResourceTypes.FullName(Type), bytes.Span));
            return problems.Any ? null : read(name, bytes, problems);
        }
        catch (Exception error) when (Unreadable.Is(error))
        {
            problems.Add("resource", error.Message);
            return null;
        }
    }
}
