using Banyan.Model;

namespace Banyan.Control.Xds;

/// <summary>From what the model compiled to what is served.</summary>
internal static class ViewBuilder
{
    /// <summary>Makes a view; nothing is encoded before somebody asks.</summary>
    public static ResourceView Build(CompiledMesh mesh, string version)
    {
        var shared = new Dictionary<string, EncodedResource>[XdsTypeNames.Count];
        for (var i = 0; i < shared.Length; i++)
        {
            shared[i] = new Dictionary<string, EncodedResource>(StringComparer.Ordinal);
        }

        foreach (var (key, resource) in mesh.Resources)
        {
            if (!XdsTypeNames.TryParse(key.TypeUrl, out var type))
            {
                throw new InvalidOperationException($"{key.Name} is of a type that is not served: {key.TypeUrl}");
            }

            shared[(int)type][key.Name] = Encoded(resource);
        }

        var nodes = new Dictionary<string, Dictionary<string, EncodedResource>>(StringComparer.Ordinal);
        foreach (var (node, listeners) in mesh.NodeListeners)
        {
            var own = nodes[node] = new Dictionary<string, EncodedResource>(StringComparer.Ordinal);
            foreach (var listener in listeners)
            {
                own[listener.Name] = Encoded(listener);
            }
        }

        return new ResourceView(version, shared, nodes);
    }

    private static EncodedResource Encoded(XdsResource resource) => new(resource.Name, resource.Version, resource.Any);
}
