namespace Banyan.Model;

/// <summary>Names of services as users and xDS write them.</summary>
internal static class ServiceNames
{
    /// <summary><c>S</c> or <c>S.NS</c> to both parts.</summary>
    public static (string Name, string Namespace) Split(string text, string defaultNamespace)
    {
        var dot = text.IndexOf('.');
        return dot < 0 ? (text, defaultNamespace) : (text[..dot], text[(dot + 1)..]);
    }

    /// <summary>The name of listener, route configuration, cluster and endpoints: <c>S.NS:PORT</c>.</summary>
    public static string Resource(string name, string scope, int port) => $"{name}.{scope}:{port}";
}
