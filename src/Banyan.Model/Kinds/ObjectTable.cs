using Banyan.Model.Text;

namespace Banyan.Model;

/// <summary>What all kinds have in common: apiVersion, kind, metadata, spec and status.</summary>
internal static class ObjectTable
{
    public static ObjectShape<T> Build<T, TSpec>(
        ObjectShape<ObjectMeta> metadata,
        Shape<TSpec> spec,
        Func<T, TSpec> get,
        Func<T, TSpec, T> set,
        Action<T, MapNode, Reading>? check = null)
        where T : MeshObject, new()
        where TSpec : class
    {
        var defaults = new T();
        return new ObjectShape<T>(
            new Field<T, string>("apiVersion", Constant(defaults.ApiVersion), o => o.ApiVersion, (o, _) => o, "Version of the kind.") { Required = true },
            new Field<T, string>("kind", Constant(defaults.Kind), o => o.Kind, (o, _) => o, "The kind.") { Required = true },
            new Field<T, ObjectMeta>("metadata", metadata, o => o.Metadata, (o, v) => (T)(o with { Metadata = v }), "Name, namespace and labels.") { Required = true },
            new Field<T, TSpec>("spec", spec, get, set, "What is wanted.") { Required = true },
            new IgnoredField<T>("status"))
        {
            Check = check,
        };
    }

    // The reader has chosen the table by these two fields: they are known to be right.
    private static TextShape Constant(string value) =>
        new() { Pattern = $"^{value.Replace(".", "\\.", StringComparison.Ordinal)}$", MinLength = 1 };
}
