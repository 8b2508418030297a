using Banyan.Proxy.Snapshot.Resources;
using Banyan.Xds;

namespace Banyan.Proxy.Xds;

/// <summary>The client's side of delta xDS as a state machine: events in, requests out, no I/O.</summary>
/// <remarks>
/// Used by the housekeeping thread alone. Requests gather in <see cref="TakeRequests"/> so that a change is visible to traffic before it
/// is acknowledged: a control plane that sees the ACK of a withdrawal may stop the endpoint.
/// </remarks>
internal sealed class Discovery(Node node, TimeProvider time)
{
    private const int KeptNacks = 20;
    private const int InvalidArgument = 3; // google.rpc.Code
    private const string Wildcard = "*";

    private readonly Queue<Nack> _nacks = new();
    private List<DeltaDiscoveryRequest> _requests = [];
    private bool _isOpen;
    private bool _nodeSent;
    private DateTimeOffset? _since;
    private DateTimeOffset? _lastAck;
    private string _lastError = "";

    public ResourceTables Tables { get; } = new();

    public Wants Wants { get; } = new(time);

    /// <summary>A stream is open and the control plane accepted it.</summary>
    public bool Connected { get; private set; }

    /// <summary>Something that belongs into a snapshot changed.</summary>
    public bool Changed { get; private set; }

    /// <summary>The resources that traffic sees changed, so that the copy on disk is old.</summary>
    public bool ResourcesChanged { get; private set; }

    /// <summary>Trust domain whose anchors are asked for; empty: none. Takes effect with the next stream.</summary>
    public string TrustDomain { get; set; } = "";

    /// <summary>The anchors that the stream which is open has told last; null while it has not. What was told before it is over: others
    /// may have come with a certificate since.</summary>
    public byte[][]? Anchors { get; private set; }

    /// <summary>The serials that the stream which is open says are denied; null while it has not.</summary>
    public IReadOnlyCollection<string>? Denied { get; private set; }

    /// <summary>The last refusal.</summary>
    public Nack? LastNack { get; private set; }

    /// <summary>Called once a snapshot was made of it.</summary>
    public void ClearChanged() => (Changed, ResourcesChanged) = (false, false);

    /// <summary>A destination is asked for.</summary>
    public void Want(string name)
    {
        if (Wants.Add(name))
        {
            Changed |= Wants.IsMissing(name);
            Subscribe();
        }
    }

    /// <summary>Resources from disk: served, and the starting point of the next stream. Returns what was refused.</summary>
    public List<string> Load(SavedResources saved)
    {
        var refused = new List<string>();
        foreach (var resource in saved.Resources)
        {
            var url = resource.Resource_?.TypeUrl ?? "";
            var problem = ResourceTypes.TryParse(url, out var type)
                ? Tables[type].Accept(resource)
                : $"{resource.Name}: type \"{url}\" is not known";
            if (problem is not null)
            {
                refused.Add(problem);
            }
            else if (type == ResourceType.Listener && Tables.Listeners.Latest(resource.Name) is { IsTarget: true })
            {
                Wants.Found(resource.Name);
            }
        }

        Tables.Promote();
        Changed = true;
        return refused;
    }

    /// <summary>A stream was begun: ask for everything, saying what is held already.</summary>
    public void Open()
    {
        Restart();
        _isOpen = true;
        Subscribe();
    }

    /// <summary>The control plane accepted the stream.</summary>
    public void Confirm()
    {
        Connected = true;
        Changed = true;
        _since = time.GetUtcNow();
    }

    /// <summary>The stream ended. What is held keeps serving and stays subscribed for the next stream.</summary>
    public void Close(string reason)
    {
        Changed |= Connected;
        Connected = false;
        _since = null;
        _isOpen = false;
        _lastError = reason;
        Restart();
    }

    /// <summary>A response came.</summary>
    public void Receive(DeltaDiscoveryResponse response)
    {
        if (!ResourceTypes.TryParse(response.TypeUrl, out var type))
        {
            Refuse(response, [("", $"type \"{response.TypeUrl}\" was not asked for")]);
            return;
        }

        var table = Tables[type];
        var refused = new List<(string Name, string Message)>();
        foreach (var resource in response.Resources)
        {
            if (IsExpected(table, resource) && table.Accept(resource) is { } problem)
            {
                refused.Add((resource.Name, problem));
            }
        }

        foreach (var name in response.RemovedResources)
        {
            Remove(table, name);
        }

        if (type == ResourceType.Listener)
        {
            SortListeners(response);
        }

        var promoted = Tables.Promote();
        if (type == ResourceType.Secret && TrustDomain.Length > 0)
        {
            Anchors = Tables.Secrets.Serving(SecretResource.NameOf(TrustDomain))?.Anchors;
            Denied = Tables.Secrets.Serving(SecretResource.DeniedNameOf(TrustDomain))?.Denied;
        }

        Changed |= promoted != Promoted.Nothing;
        ResourcesChanged |= promoted != Promoted.Nothing;
        if (refused.Count > 0)
        {
            Refuse(response, refused);
        }
        else
        {
            _lastAck = time.GetUtcNow();
            Send(new DeltaDiscoveryRequest { TypeUrl = response.TypeUrl, ResponseNonce = response.Nonce });
        }

        // Endpoints come and go most often, and nothing depends on what they say.
        if (type != ResourceType.Endpoints || promoted == Promoted.More)
        {
            Subscribe();
        }
    }

    /// <summary>Forgets names that were missing long enough.</summary>
    public void Expire()
    {
        var forgotten = Wants.Expire();
        if (forgotten.Count > 0)
        {
            foreach (var name in forgotten)
            {
                Tables.Listeners.Drop(name);
            }

            Changed = true;
            Subscribe();
        }
    }

    /// <summary>The requests to send, in order.</summary>
    public List<DeltaDiscoveryRequest> TakeRequests()
    {
        var requests = _requests;
        _requests = [];
        return requests;
    }

    /// <summary>What traffic sees, as it is kept on disk.</summary>
    public SavedResources Save()
    {
        var saved = new SavedResources { NodeId = node.Id };
        foreach (var table in Tables.All)
        {
            if (table.Type != ResourceType.Secret)
            {
                table.Save(saved.Resources);
            }
        }

        return saved;
    }

    /// <summary>A copy for the admin server.</summary>
    public XdsStatus Status(string control) => new()
    {
        Connected = Connected,
        Control = control,
        Since = _since,
        LastAck = _lastAck,
        LastError = _lastError,
        Nacks = [.. _nacks],
        Pending = [.. Wants.Pending.Order(StringComparer.Ordinal)],
        Versions = Array.ConvertAll(Tables.All.ToArray(), static table => new KeyValuePair<string, KeyValuePair<string, string>[]>(
            ResourceTypes.Url(table.Type), [.. table.Versions().OrderBy(static v => v.Key, StringComparer.Ordinal)])),
    };

    // After an unsubscription a last update may still be under way; it must not bring the resource back.
    private bool IsExpected(ResourceTable table, Resource resource) =>
        table.Type == ResourceType.Listener || table.Subscribed.Contains(resource.Name);

    private void Remove(ResourceTable table, string name)
    {
        if (table.Type == ResourceType.Listener)
        {
            // A destination that is gone is gone at once; a socket of this node too.
            Changed |= Tables.Listeners.Latest(name) is not null || Tables.Listeners.Serving(name) is not null || Wants.Contains(name);
            ResourcesChanged |= Tables.Listeners.Serving(name) is not null;
            table.Drop(name);
            Wants.NotFound(name);
        }
        else if (table.Subscribed.Contains(name))
        {
            // What depends on it keeps it until it leads elsewhere. A listener without routes is not waited for any more.
            table.MarkAbsent(name);
            Changed |= table.Type == ResourceType.Route;
        }
    }

    private void SortListeners(DeltaDiscoveryResponse response)
    {
        foreach (var resource in response.Resources)
        {
            if (Tables.Listeners.Latest(resource.Name) is not { IsTarget: true })
            {
                continue;
            }

            if (Wants.Contains(resource.Name))
            {
                Changed |= Wants.IsMissing(resource.Name);
                Wants.Found(resource.Name);
            }
            else
            {
                // A wildcard that sends every destination, or one that was given up meanwhile.
                Tables.Listeners.Drop(resource.Name);
            }
        }
    }

    private void Refuse(DeltaDiscoveryResponse response, List<(string Name, string Message)> refused)
    {
        foreach (var (name, message) in refused)
        {
            if (_nacks.Count == KeptNacks)
            {
                _nacks.Dequeue();
            }

            _nacks.Enqueue(LastNack = new Nack(time.GetUtcNow(), response.TypeUrl, name, message, response.Nonce));
        }

        Send(new DeltaDiscoveryRequest
        {
            TypeUrl = response.TypeUrl,
            ResponseNonce = response.Nonce,
            ErrorDetail = new Status
            {
                Code = InvalidArgument,
                Message = string.Join("; ", refused.Select(static r => r.Message)),
            },
        });
    }

    private void Restart()
    {
        _requests.Clear();
        _nodeSent = false;
        Anchors = null;
        Denied = null;
        foreach (var table in Tables.All)
        {
            table.Subscribed.Clear();
            table.Opened = false;
        }
    }

    // Brings the subscriptions of the stream in line with what is needed: additions of each type, then what nobody needs any more.
    private void Subscribe()
    {
        if (!_isOpen)
        {
            return;
        }

        foreach (var table in Tables.All)
        {
            Subscribe(table, Needed(table.Type));
        }
    }

    private HashSet<string> Needed(ResourceType type)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        if (type == ResourceType.Listener)
        {
            names.UnionWith(Wants.Names);
            names.Add(Wildcard);
        }
        else if (type == ResourceType.Secret)
        {
            if (TrustDomain.Length > 0)
            {
                names.Add(SecretResource.NameOf(TrustDomain));
                names.Add(SecretResource.DeniedNameOf(TrustDomain));
            }
        }
        else
        {
            Tables.AddNeeded(type, names);
        }

        return names;
    }

    private void Subscribe(ResourceTable table, HashSet<string> needed)
    {
        var request = new DeltaDiscoveryRequest { TypeUrl = ResourceTypes.Url(table.Type) };
        foreach (var name in needed)
        {
            if (table.Subscribed.Add(name))
            {
                request.ResourceNamesSubscribe.Add(name);
            }
        }

        if (table.Subscribed.Count > needed.Count)
        {
            foreach (var name in table.Subscribed)
            {
                if (!needed.Contains(name))
                {
                    request.ResourceNamesUnsubscribe.Add(name);
                }
            }

            table.Subscribed.ExceptWith(request.ResourceNamesUnsubscribe);
        }

        if (request.ResourceNamesSubscribe.Count == 0 && request.ResourceNamesUnsubscribe.Count == 0)
        {
            return;
        }

        if (table.Type != ResourceType.Listener)
        {
            // Listeners of this node come unasked; all else that is not needed can go.
            table.KeepOnly(needed);
        }

        if (!table.Opened)
        {
            table.Opened = true;
            // Anchors are told by each stream anew, whatever was told before.
            foreach (var (name, version) in table.Type == ResourceType.Secret ? [] : table.Versions())
            {
                request.InitialResourceVersions.Add(name, version);
            }
        }

        Send(request);
    }

    private void Send(DeltaDiscoveryRequest request)
    {
        if (!_nodeSent)
        {
            request.Node = node;
            _nodeSent = true;
        }

        _requests.Add(request);
    }
}
