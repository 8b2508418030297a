namespace Banyan.Model;

/// <summary>The Mesh's condition, and what of it has no effect yet.</summary>
internal static class MeshResolver
{
    public static void Resolve(IEnumerable<Mesh> meshes, StatusBook book)
    {
        var defaults = new MeshSpec();
        foreach (var mesh in meshes)
        {
            book.Add(mesh, "Accepted", isTrue: true, "Accepted", "");
            Warn(mesh.Spec.Tracing != defaults.Tracing, "spec.tracing", "tracing is");
            Warn(mesh.Spec.Naming != defaults.Naming, "spec.naming", "rules for names are");

            void Warn(bool isSet, string field, string what)
            {
                if (isSet)
                {
                    book.Warn(mesh, field, $"{what} not supported yet by this version; this has no effect");
                }
            }
        }
    }
}
