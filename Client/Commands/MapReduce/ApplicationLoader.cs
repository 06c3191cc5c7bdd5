using System.Reflection;
using System.Runtime.Loader;
using Quorleans.MapReduce;
using Quorleans.MapReduce.Applications;

namespace Quorleans.Client.Commands;

/// <summary>Finds the application that <c>--app</c> names.</summary>
internal static class ApplicationLoader
{
    /// <summary>Makes it.</summary>
    /// <param name="name">The name of one that is built in, or <c>PATH.dll</c>, or <c>PATH.dll:Type</c>.</param>
    /// <exception cref="ClientException">There is none.</exception>
    public static IMapReduceApplication Load(string name)
    {
        if (BuiltInApplications.Find(name) is { } builtIn) return builtIn;
        int dll = name.LastIndexOf(".dll", StringComparison.OrdinalIgnoreCase);
        string rest = dll < 0 ? "" : name[(dll + 4)..];
        if (dll < 0 || (rest.Length > 0 && (rest[0] != ':' || rest.Length == 1)))
            throw ClientException.Usage($"there is no application '{name}'; name one of {string.Join(", ", BuiltInApplications.Names)}, or PATH.dll, or PATH.dll:TYPE");
        string path = Path.GetFullPath(name[..(dll + 4)]);
        if (!File.Exists(path)) throw ClientException.Usage($"the assembly {path} does not exist");
        try
        {
            return Make(path, rest.TrimStart(':'));
        }
        catch (Exception e) when (e is BadImageFormatException or FileLoadException or FileNotFoundException or ReflectionTypeLoadException or TypeLoadException or MissingMethodException)
        {
            throw new ClientException($"the assembly {path} cannot be loaded: {e.Message}", e);
        }
        catch (TargetInvocationException e)
        {
            throw new ClientException($"the application in {path} cannot be made: {e.InnerException?.GetType().Name}: {e.InnerException?.Message}", e);
        }
    }

    private static IMapReduceApplication Make(string path, string typeName)
    {
        Type[] types = [.. new Dependencies(path).LoadFromAssemblyPath(path).GetExportedTypes().Where(static type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(IMapReduceApplication)))];
        if (types.Length == 0) throw ClientException.Usage($"{path} has no public class that implements {nameof(IMapReduceApplication)}");
        Type[] named = typeName.Length == 0 ? types : [.. types.Where(type => type.FullName == typeName || type.Name == typeName)];
        if (named.Length == 1) return (IMapReduceApplication)Activator.CreateInstance(named[0])!;
        string there = string.Join(", ", types.Select(static type => type.FullName).Order(StringComparer.Ordinal));
        throw ClientException.Usage(named.Length == 0
            ? $"{path} has no application '{typeName}'; it has {there}"
            : $"{path} has several applications; name one behind a colon: {there}");
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
