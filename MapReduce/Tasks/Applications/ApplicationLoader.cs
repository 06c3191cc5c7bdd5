using System.Reflection;
using System.Runtime.Loader;
using Quorleans.MapReduce.Applications;

namespace Quorleans.MapReduce.Tasks;

/// <summary>Finds the application that a job names.</summary>
public static class ApplicationLoader
{
    private const string Suffix = ".dll";

    /// <summary>Whether a name is that of an application that is built in.</summary>
    public static bool IsBuiltIn(string name) => BuiltInApplications.Names.Contains(name);

    /// <summary>Takes the name of a user's application apart.</summary>
    /// <returns>The assembly's full path, and the type's name, which may be empty.</returns>
    /// <exception cref="ApplicationLoadException">It is no such name.</exception>
    public static (string Assembly, string Type) Parse(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        int dll = name.LastIndexOf(Suffix, StringComparison.OrdinalIgnoreCase);
        string rest = dll < 0 ? "" : name[(dll + Suffix.Length)..];
        if (dll < 0 || (rest.Length > 0 && (rest[0] != ':' || rest.Length == 1)))
            throw ApplicationLoadException.Usage($"there is no application '{name}'; name one of {string.Join(", ", BuiltInApplications.Names)}, or PATH.dll, or PATH.dll:TYPE");
        return (Path.GetFullPath(name[..(dll + Suffix.Length)]), rest.TrimStart(':'));
    }

    /// <summary>Makes it.</summary>
    /// <param name="name">The name of one that is built in, or <c>PATH.dll</c>, or <c>PATH.dll:Type</c>.</param>
    /// <exception cref="ApplicationLoadException">There is none, or it cannot be loaded.</exception>
    public static IMapReduceApplication Load(string name)
    {
        if (BuiltInApplications.Find(name) is { } builtIn) return builtIn;
        (string path, string type) = Parse(name);
        if (!File.Exists(path)) throw ApplicationLoadException.Usage($"the assembly {path} does not exist");
        try
        {
            return Make(path, type);
        }
        catch (Exception e) when (e is BadImageFormatException or FileLoadException or FileNotFoundException or ReflectionTypeLoadException or TypeLoadException or MissingMethodException)
        {
            throw new ApplicationLoadException($"the assembly {path} cannot be loaded: {e.Message}", e);
        }
        catch (TargetInvocationException e)
        {
            throw new ApplicationLoadException($"the application in {path} cannot be made: {e.InnerException?.GetType().Name}: {e.InnerException?.Message}", e);
        }
    }

    private static IMapReduceApplication Make(string path, string typeName)
    {
        Assembly assembly = new Dependencies(path).LoadFromAssemblyPath(path);
        CheckVersion(assembly, path);
        Type[] types = [.. assembly.GetExportedTypes().Where(static type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(IMapReduceApplication)))];
        if (types.Length == 0) throw ApplicationLoadException.Usage($"{path} has no public class that implements {nameof(IMapReduceApplication)}");
        Type[] named = typeName.Length == 0 ? types : [.. types.Where(type => type.FullName == typeName || type.Name == typeName)];
        if (named.Length == 1) return (IMapReduceApplication)Activator.CreateInstance(named[0])!;
        string there = string.Join(", ", types.Select(static type => type.FullName).Order(StringComparer.Ordinal));
        throw ApplicationLoadException.Usage(named.Length == 0
            ? $"{path} has no application '{typeName}'; it has {there}"
            : $"{path} has several applications; name one behind a colon: {there}");
    }

    // The interfaces are ours, whatever the assembly was built against. Others of them would show as a member that is missing, in the middle of a task.
    private static void CheckVersion(Assembly assembly, string path)
    {
        AssemblyName ours = typeof(IMapReduceApplication).Assembly.GetName();
        Version? theirs = Array.Find(assembly.GetReferencedAssemblies(), name => name.Name == ours.Name)?.Version;
        if (theirs is null || (theirs.Major == ours.Version!.Major && theirs.Minor <= ours.Version.Minor)) return;
        throw ApplicationLoadException.Usage($"{path} was built for version {theirs.ToString(2)} of {ours.Name}, and this program has {ours.Version.ToString(2)}: build it against that");
    }

    /// <summary>The assembly's own dependencies come from its folder; what it shares with us, such as the interfaces, is ours.</summary>
    private sealed class Dependencies(string path) : AssemblyLoadContext(Path.GetFileName(path))
    {
        private readonly AssemblyDependencyResolver _resolver = new(path);

        protected override Assembly? Load(AssemblyName assemblyName)
        {
            if (assemblyName.Name == typeof(IMapReduceApplication).Assembly.GetName().Name) return null;
            return _resolver.ResolveAssemblyToPath(assemblyName) is { } file ? LoadFromAssemblyPath(file) : null;
        }
    }
}
